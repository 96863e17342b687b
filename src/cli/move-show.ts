/** Shows how far a move is, until it is over. */
import { commandLimits } from '../../actors/rules/limits/command.js';
import type { ClusterQuestion } from './cluster-status.js';
import { watchMove } from './move-watch.js';
import { printJson, printLine, Screen } from './output.js';
import { moveLine, moveText, ringText } from './ring-text.js';

export interface ShownMove {
  readonly json: boolean;
  /** Of the move, where it has just begun. */
  readonly layout?: number;
}

/** On a terminal one picture that changes; else a line whenever more has moved. */
export function showMove(question: ClusterQuestion, { json, layout }: ShownMove): Promise<void> {
  const screen = new Screen();
  let lastLine = '';
  return watchMove(
    question,
    {
      moving: (progress, pace) => {
        const secondsLeft = pace.secondsLeft(progress) ?? null;
        if (json) return printJson({ ...progress, perSecond: pace.perSecond, secondsLeft });
        if (screen.isLive) return screen.show(moveText(progress, pace));
        const { layout, done } = progress;
        if (lastLine === `${layout} ${done}`) return;
        lastLine = `${layout} ${done}`;
        printLine(moveLine(progress, pace));
      },
      resting: (ring, sawMove) => {
        if (json) return printJson({ layout: ring.epoch, done: 0, total: 0 });
        screen.show(`${sawMove ? 'the move is over' : 'nothing moves'}\n${ringText(ring)}`);
      },
    },
    // A node that has just started is taken in a few seconds later.
    layout === undefined
      ? { layout: 0, restsMin: commandLimits.watchRestsMin }
      : { layout, restsMin: 1 },
  );
}
