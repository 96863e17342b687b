/** Real randomness; the only place that asks the machine for it. */
import { randomBytes } from 'node:crypto';
import type { Random } from './random.js';

export class RealRandom implements Random {
  /** Jitter and choice of peers: speed matters, guessing does not. */
  below(bound: number): number {
    return Math.floor(Math.random() * bound);
  }

  /** Node ids and inboxes: nobody may guess them. */
  bytes(count: number): Buffer {
    return randomBytes(count);
  }
}
