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

/**
 * `layout`: of the move that has just begun, which not all nodes have heard of; 0: whatever they
 * know. Throws `UnavailableError` when nobody has answered for long.
 */
export async function watchMove(
  question: ClusterQuestion,
  watcher: MoveWatcher,
  layout = 0,
): Promise<void> {
  const { clock, prefix } = question;
  const pace = new MovePace();
  let last: RingMessage | undefined;
  let sawMove = false;
  let silences = 0;
  let earlier = 0;
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
      if (progress === undefined) return watcher.resting(ring, sawMove);
      sawMove = true;
      pace.note(clock.monotonicMs(), progress);
      watcher.moving(progress, pace);
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
