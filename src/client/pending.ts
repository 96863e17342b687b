/** The requests a client has taken and not answered: bounded, each answered exactly once. */
import { limits } from '../../actors/rules/limits.js';
import { mayBeStoredAfter, refusalAtDeadline } from '../../actors/rules/request-course.js';
import { errorOfCode, OverloadedError, UnavailableError, type QuorateError } from '../errors.js';
import type { RowFailure } from './frame-rows.js';
import type { Request, RequestResult } from './request.js';

export interface PendingBounds {
  readonly requestsMax: number;
  readonly bytesMax: number;
}

export const pendingBoundsDefault: PendingBounds = {
  requestsMax: limits.requestsInFlightMax,
  bytesMax: limits.requestBytesInFlightMax,
};

export class Pending {
  count = 0;
  private bytes = 0;
  private closing: (() => void) | undefined;

  constructor(private readonly bounds: PendingBounds) {}

  /**
   * False: it was answered with the reason. Past the bounds a request is refused rather than held
   * back: waiting callers would only be a queue without a bound, out of sight.
   */
  admit(request: Request): boolean {
    const refusal = this.refusal(request);
    if (refusal !== undefined) {
      request.isOver = true;
      request.onResult({ ok: false, error: refusal });
      return false;
    }
    this.count++;
    this.bytes += request.bytes;
    return true;
  }

  private refusal({ bytes }: Request): QuorateError | undefined {
    if (this.closing !== undefined) return new UnavailableError('the client is closed');
    const { requestsMax, bytesMax } = this.bounds;
    if (this.count < requestsMax && this.bytes + bytes <= bytesMax) return undefined;
    return new OverloadedError(
      `this client has ${this.count} requests of ${this.bytes} bytes in flight; at most ${requestsMax} of ${bytesMax} bytes may be`,
    );
  }

  end(request: Request, result: RequestResult): void {
    if (request.isOver) return;
    request.isOver = true;
    request.terms.trace?.over(result);
    this.count--;
    this.bytes -= request.bytes;
    request.onResult(result);
    if (this.count === 0) this.closing?.();
  }

  /**
   * An earlier try may have been stored whatever the last answer says, so the error tells `unknown`
   * then.
   */
  fail(request: Request, { code, outcome, message, found }: RowFailure): void {
    const mayShow = mayBeStoredAfter(request, outcome);
    let error = errorOfCode(code, message, mayShow ? 'unknown' : 'none', found);
    if (mayShow && error.outcome === 'none')
      error = new UnavailableError(`${message}; an earlier try may have been stored`, 'unknown');
    this.end(request, { ok: false, error });
  }

  /** `sent`: it is in a frame nobody has answered yet. */
  expire(request: Request, options: { readonly sent: boolean; readonly why: string }): void {
    const refusal = refusalAtDeadline(request, options.sent);
    const late = `${options.why} within ${request.terms.timeoutMs} ms`;
    const message = refusal.code === 429 ? (request.heldBack ?? late) : late;
    this.fail(request, { ...refusal, message });
  }

  /** Takes nothing more; resolves when the last is over. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.closing = resolve;
      if (this.count === 0) resolve();
    });
  }
}
