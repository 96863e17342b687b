/** What `nats.js` received as `BusMessage`, read from its bytes as far as it is asked for. */
import type { Msg } from 'nats';
import type { BusMessage } from '../seams/bus.js';
import { asBuffer } from '../wire/as-buffer.js';
import { NatsHeaders } from './nats-headers.js';

/** What the package's message keeps to itself. */
interface RawMessage {
  readonly _msg: {
    readonly subject: Uint8Array;
    readonly reply: Uint8Array | undefined;
    /** Bytes of the headers; -1: none. */
    readonly hdr: number;
  };
  /** Headers and payload. */
  readonly _rdata: Uint8Array;
}

export class NatsMessage implements BusMessage {
  private readonly raw: RawMessage;
  private headers: NatsHeaders | undefined;

  constructor(message: Msg) {
    // What the package makes is of its own class.
    this.raw = message as unknown as RawMessage;
  }

  get subject(): string {
    return asBuffer(this.raw._msg.subject).toString();
  }

  get reply(): string {
    const { reply } = this.raw._msg;
    return reply === undefined ? '' : asBuffer(reply).toString();
  }

  get data(): Uint8Array {
    const { _msg, _rdata } = this.raw;
    return _msg.hdr > 0 ? _rdata.subarray(_msg.hdr) : _rdata;
  }

  get noResponders(): boolean {
    const { _msg, _rdata } = this.raw;
    return _msg.hdr === _rdata.length && this.headersOf(_msg.hdr).isNoResponders;
  }

  header(name: string): string | undefined {
    const { hdr } = this.raw._msg;
    return hdr > 0 ? this.headersOf(hdr).value(name) : undefined;
  }

  private headersOf(bytes: number): NatsHeaders {
    return (this.headers ??= new NatsHeaders(asBuffer(this.raw._rdata).subarray(0, bytes)));
  }
}
