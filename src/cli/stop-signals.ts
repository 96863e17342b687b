/**
 * When a long-running command is to end: signals, and for a child of `quorate up` the end of the
 * channel to it.
 */
import { commandLimits } from '../../actors/rules/limits/command.js';
import type { Clock } from '../seams/clock.js';

export interface StopListener {
  readonly clock: Clock;
  /** A child of `quorate up`, which decides what a Ctrl-C means. */
  readonly supervised: boolean;
  /** Once. */
  readonly onStop: () => void;
  /** Asked again: don't wait. */
  readonly onForce: () => void;
}

export function listenForStop({ clock, supervised, onStop, onForce }: StopListener): void {
  let firstMs: number | undefined;
  const asked = (): void => {
    const now = clock.monotonicMs();
    if (firstMs === undefined) {
      firstMs = now;
      onStop();
    } else if (now - firstMs > commandLimits.sameStopMsMax) {
      onForce();
    }
  };
  process.on('SIGTERM', asked);
  // The terminal sends these to all processes of the group.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) {
    process.on(signal, supervised ? () => undefined : asked);
  }
  if (!supervised) return;
  process.once('disconnect', asked);
  // Who started it may have gone before anybody listened.
  if (!process.connected) asked();
  // Having stopped, the process ends although the channel is still open.
  process.channel?.unref();
}
