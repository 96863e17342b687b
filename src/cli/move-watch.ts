/** Asks for the ring again and again until nothing moves any more. */
import { commandLimits } from '../../actors/rules/limits/command.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { MovePaces, moveProgressOf, type MoveProgress } from '../wire/move-progress.js';
import type { RingMessage, RingNode } from '../wire/ring-message.js';
import { askRing, type ClusterQuestion } from './cluster-status.js';

export interface MoveWatcher {
  /** After each answer while something moves. */
  moving(progress: MoveProgress, paces: MovePaces): void;
  /** After each answer while nothing moves, and these wait to be taken in by themselves. */
  waiting?(nodes: readonly RingNode[], ring: RingMessage): void;
  /** Once, at the end; `sawMove`: something did when it began. */
  resting(ring: RingMessage, sawMove: boolean): void;
}

export interface Watched {
  /** Of the move that has just begun, which not all nodes have heard of; 0: whatever they know. */
  readonly layout: number;
  /** Nothing moves where so many answers say so, unless something did before. */
  readonly restsMin: number;
  /** But as long as anybody waits to be taken in by itself: so many answers at most. */
  readonly waitsMax?: number;
}

/** Throws `UnavailableError` when nobody has answered for long. */
export async function watchMove(
  question: ClusterQuestion,
  watcher: MoveWatcher,
  { layout, restsMin, waitsMax = 0 }: Watched = { layout: 0, restsMin: 1 },
): Promise<void> {
  const { clock, prefix } = question;
  const paces = new MovePaces();
  let last: RingMessage | undefined;
  let sawMove = false;
  let silences = 0;
  let earlier = 0;
  let rests = 0;
  let waits = 0;
  for (;;) {
    const ring = await askRing(question);
    if (ring === undefined && ++silences >= commandLimits.watchSilencesMax)
      throw new UnavailableError(`no node answers on ${prefix}.ring`);
    // Of changes that move nothing there is no layout to wait for.
    const isEarlier = ring !== undefined && ring.epoch < layout;
    if (isEarlier) earlier++;
    const isWaitedFor = isEarlier && earlier < commandLimits.watchSilencesMax;
    if (ring !== undefined && !isWaitedFor && !isOlder(ring, last)) {
      last = ring;
      silences = 0;
      const progress = moveProgressOf(ring);
      if (progress !== undefined) {
        sawMove = true;
        waits = 0;
        paces.note(clock.monotonicMs(), progress);
        watcher.moving(progress, paces);
      } else {
        rests++;
        const waiting = comingIn(ring);
        const isWaiting = waiting.length > 0 && waits++ < waitsMax;
        if (isWaiting) watcher.waiting?.(waiting, ring);
        else if (sawMove || rests >= restsMin) return watcher.resting(ring, sawMove);
      }
    }
    await rest(clock);
  }
}

/** Who is taken in without an operator, as soon as it can be. */
export function comingIn({ nodes }: RingMessage): readonly RingNode[] {
  return nodes.filter(({ waits, reachability }) => waits === 'auto' && reachability !== 'down');
}

/** The node that answered has not heard of what another one knows. */
function isOlder({ cluster, epoch }: RingMessage, than: RingMessage | undefined): boolean {
  return cluster !== undefined && cluster === than?.cluster && epoch < than.epoch;
}

function rest(clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, commandLimits.watchIntervalMs);
  });
}
