/** Shows how far a move is, until it is over. */
import { commandLimits } from '../../actors/rules/limits/command.js';
import { MovePaces, paced, restOf } from '../wire/move-progress.js';
import type { ClusterQuestion } from './cluster-status.js';
import { watchMove } from './move-watch.js';
import { printJson, printLine, Screen } from './output.js';
import { moveLine, moveText, restText, waitingText } from './ring-text.js';

export interface ShownMove {
  readonly json: boolean;
  /** Of the move, where it has just begun. */
  readonly layout?: number;
}

/** On a terminal one picture that changes; else a line whenever more has moved. */
export function showMove(question: ClusterQuestion, { json, layout }: ShownMove): Promise<void> {
  const screen = new Screen();
  let lastTold = '';
  const showOnce = (told: string, line: string): void => {
    if (told !== lastTold) printLine(line);
    lastTold = told;
  };
  return watchMove(
    question,
    {
      moving: (progress, paces) => {
        if (json) return printJson(paced(progress, paces));
        if (screen.isLive) return screen.show(moveText(progress, paces));
        const told = progress.nodes.map(({ incoming }) => incoming.done).join(' ');
        return showOnce(`${progress.layout} ${progress.done} ${told}`, moveLine(progress, paces));
      },
      waiting: (nodes, ring) => {
        const waiting = nodes.map(({ name }) => name);
        if (json) return printJson({ ...paced(restOf(ring), new MovePaces()), waiting });
        const text = waitingText(nodes);
        return screen.isLive ? screen.show(text) : showOnce(text, text);
      },
      resting: (ring, sawMove) => {
        if (json) return printJson(paced(restOf(ring), new MovePaces()));
        return screen.show(restText(ring, sawMove));
      },
    },
    // A node that has just started is taken in a few seconds later.
    layout === undefined
      ? {
          layout: 0,
          restsMin: commandLimits.watchRestsMin,
          waitsMax: commandLimits.watchWaitsMax,
        }
      : { layout, restsMin: 1 },
  );
}
