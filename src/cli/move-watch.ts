/** Asks for the ring again and again until nothing moves any more. */
import { commandLimits } from '../../actors/rules/limits/command.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import type { RingMessage } from '../wire/ring-message.js';
import { askRing, type ClusterQuestion } from './cluster-status.js';
import { MovePace, moveProgressOf, type MoveProgress } from './move-progress.js';

export interface MoveWatcher {
  /** After each answer while something moves. */
  moving(progress: MoveProgress, pace: MovePace): void;
  /** Once, at the end; `sawMove`: something did when it began. */
  resting(ring: RingMessage, sawMove: boolean): void;
}

export interface Watched {
  /** Of the move that has just begun, which not all nodes have heard of; 0: whatever they know. */
  readonly layout: number;
  /** Nothing moves where so many answers in a row say so, unless something did before. */
  readonly restsMin: number;
}

/** Throws `UnavailableError` when nobody has answered for long. */
export async function watchMove(
  question: ClusterQuestion,
  watcher: MoveWatcher,
  { layout, restsMin }: Watched = { layout: 0, restsMin: 1 },
): Promise<void> {
  const { clock, prefix } = question;
  const pace = new MovePace();
  let last: RingMessage | undefined;
  let sawMove = false;
  let silences = 0;
  let earlier = 0;
  let rests = 0;
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
        pace.note(clock.monotonicMs(), progress);
        watcher.moving(progress, pace);
      } else if (sawMove || ++rests >= restsMin) return watcher.resting(ring, sawMove);
    }
    await rest(clock);
  }
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
