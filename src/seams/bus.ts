/**
 * The network: subjects, queue groups, reply subjects, "no responders". `src/bus/nats-bus.ts` is
 * the real one and the only file that imports `nats`.
 */
export interface Bus {
  /**
   * Nobody answers for it; lost while disconnected. With `reply`, the server answers "no
   * responders" to that subject at once when nobody subscribes. The payload is copied before it
   * returns. Throws when it is larger than `payloadBytesMax`.
   */
  publish(subject: string, payload: Uint8Array, options?: PublishOptions): void;
  /**
   * For messages without a payload that come by the thousand and differ in little; otherwise as
   * `publish`.
   */
  announcer(announced: Announced): Announce;
  subscribe(
    subject: string,
    handler: (message: BusMessage) => void,
    options?: { readonly queue?: string },
  ): BusSubscription;
  /** A fresh subject no one else listens on, without wildcards: `_INBOX.…`. */
  inbox(): string;
  /** Resolves when the server has seen all that was published and subscribed so far. */
  flush(): Promise<void>;
  onStatus(listener: (status: BusStatus) => void): void;
  readonly connected: boolean;
  readonly payloadBytesMax: number;
  /** Answers on `$SRV.PING|INFO|STATS` for name, id and version given; see ADR-32 of NATS. */
  registerService(service: ServiceDescription): void;
  close(): Promise<void>;
}

export interface PublishOptions {
  readonly reply?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the messages of an announcer share. */
export interface Announced {
  /** All but the end. */
  readonly subject: string;
  /** The name of the header that differs; it comes first. */
  readonly header: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `bytes`: of the header that differs, sent as base64url without padding. */
export type Announce = (subjectEnd: string, bytes: Uint8Array) => void;

export interface BusMessage {
  readonly subject: string;
  /** '' when none. */
  readonly reply: string;
  /**
   * A view into the receive buffer: copy what is kept past the handler's turn. The same goes for
   * the other fields.
   */
  readonly data: Uint8Array;
  /** The server's "no responders" answer to one of our own publishes. */
  readonly noResponders: boolean;
  /**
   * Whatever the case of the name; the first value when there are several. Throws `MalformedError`
   * on headers that are none, or too many.
   */
  header(name: string): string | undefined;
}

export interface BusSubscription {
  /** What was on its way already still arrives; after `flush` nothing does. */
  unsubscribe(): void;
}

export type BusStatus = 'connected' | 'disconnected' | 'closed';

export interface ServiceDescription {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly startedAtMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** Endpoint name → subject and live counters, read when STATS is asked. */
  endpoints(): readonly ServiceEndpoint[];
}

export interface ServiceEndpoint {
  readonly name: string;
  readonly subject: string;
  readonly queue: string;
  readonly requests: number;
  readonly errors: number;
  readonly processingMsTotal: number;
  readonly lastError: string;
}

export const Bus = Symbol('Bus');
