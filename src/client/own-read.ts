/**
 * Gets that the client coordinates itself (Dynamo's client-driven coordination, section 6.4 of the
 * paper): R primaries are asked at once for what each holds itself, one for values, the others for
 * digests. Where the digests agree, the R states are one state and their merge is what was shown;
 * it took two messages' time instead of four, and no round. Where they don't, a coordinator merges
 * and repairs.
 */
import { MalformedError } from '../errors.js';
import { digestBytes } from '../wire/digest-codec.js';
import type { GetFrameReply } from '../wire/frame-replies.js';
import { decodeOwnReply } from '../wire/own-frames.js';
import type { Receipt } from '../wire/receipt.js';
import { handleRows, knownReceipt, type RowFailure, type RowHandlers } from './frame-rows.js';
import type { Request, RequestResult } from './request.js';

export class OwnRead {
  /** Ids of the flights it is made of. */
  readonly flights: number[] = [];
  over = false;
  private readonly digests: Buffer[] = [];
  private readonly shown: (RequestResult | RowFailure)[] = [];

  constructor(
    private readonly rows: readonly Request[],
    /** R. */
    private readonly quorum: number,
  ) {}

  /** `nothing`: a refusal, or not an answer at all. The bytes are not kept. */
  take(bytes: Uint8Array): 'nothing' | 'part' | 'all' {
    try {
      const reply = decodeOwnReply(bytes, this.rows.length);
      if (reply.kind === 'refusal') return 'nothing';
      this.digests.push(Buffer.from(reply.digests));
      if (reply.shown !== undefined) this.keep(reply.shown);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return 'nothing';
    }
    return this.digests.length === this.quorum ? 'all' : 'part';
  }

  private keep(shown: GetFrameReply): void {
    const receipts = shown.receipts.map((text) => this.agreed(knownReceipt(text)));
    const keep = (_: Request, result: RequestResult | RowFailure): void => {
      this.shown.push(result);
    };
    handleRows(shown, receipts, this.rows, { onDone: keep, onFailure: keep });
  }

  /**
   * After the last answer. `onDiffers`: no quorum of equal states; rows that are over meanwhile
   * are left out.
   */
  finish(handlers: RowHandlers, onDiffers: (request: Request) => void): void {
    const [first, ...others] = this.digests;
    const allAgree = others.every((digests) => digests.equals(first!));
    for (const [i, request] of this.rows.entries()) {
      if (request.isOver) continue;
      const result = this.shown[i];
      if (result === undefined || !(allAgree || this.agree(i))) onDiffers(request);
      else if ('code' in result) handlers.onFailure(request, result);
      else handlers.onDone(request, result);
    }
  }

  private agree(row: number): boolean {
    const [first, ...others] = this.digests;
    const at = row * digestBytes;
    const end = at + digestBytes;
    return others.every((digests) => digests.compare(first!, at, end, at, end) === 0);
  }

  /** One primary showed it, the others confirmed it. */
  private agreed(receipt: Receipt): Receipt {
    const { quorum } = this;
    return { ...receipt, acked: quorum, needed: quorum, primaries: quorum };
  }
}
