/**
 * Bounds what one coordinator has taken on and not answered yet. Refusing early is what keeps an
 * overloaded node answering.
 */
import { limits } from '../../actors/rules/limits.js';
import type { QuorateError } from '../errors.js';
import { DeadlineError, OverloadedError, UnavailableError } from '../errors.js';

export class Admission {
  requestsInFlight = 0;
  private bytesInFlight = 0;
  isClosed = false;

  /**
   * Takes the request on, or says why not; taken on, it is `release`d with the same bytes when it
   * is answered.
   */
  admit(bytes: number): QuorateError | undefined {
    if (this.isClosed) return new UnavailableError('the node is stopping');
    if (this.requestsInFlight >= limits.requestsInFlightMax)
      return new OverloadedError(`${this.requestsInFlight} requests are in flight`);
    if (this.bytesInFlight + bytes > limits.requestBytesInFlightMax)
      return new OverloadedError(`${this.bytesInFlight} bytes are in flight`);
    this.requestsInFlight++;
    this.bytesInFlight += bytes;
    return undefined;
  }

  release(bytes: number): void {
    this.requestsInFlight--;
    this.bytesInFlight -= bytes;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Of a request that was looked at too late. */
export function expired(): DeadlineError {
  return new DeadlineError('the deadline passed before anything was done', 'none');
}
