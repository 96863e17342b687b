/**
 * A client that knows NATS and the reference in `src/guide/plain-nats.md`, and no code of
 * Quorate: subjects, headers, nothing else.
 */
import type { BusMessage } from '../../../src/seams/bus.js';
import type { Scheduler, SimEvent, SimProcess } from '../core/scheduler.js';
import {
  bigIn,
  downloadBig,
  uploadParts,
  type Ask,
  type BigTold,
  type UploadEnd,
} from './big-values.js';
import { readMessagePack } from '../oracle/message-reader.js';
import type { SimBus } from '../seams/sim-bus.js';
import { wallMsAt } from '../seams/sim-clock.js';

export interface PutOptions {
  /** As it came in a reply; `-`: empty; undefined: blind. */
  readonly context?: string;
  readonly w?: number;
  readonly strict?: boolean;
  readonly timeoutMs: number;
  readonly operation?: string;
  readonly onlyIf?: 'absent' | 'context';
  readonly ttlMs?: number;
  /** In parts of so many bytes, and what then becomes of the upload. */
  readonly inParts?: { readonly partBytes: number; readonly end: UploadEnd };
  /** So far ahead lies the `Kv-Deadline`; by a wall clock that never jumps. */
  readonly untilMs?: number;
}

export interface GetOptions {
  readonly r?: number;
  readonly strict?: boolean;
  readonly timeoutMs: number;
}

export type PutResult =
  { readonly kind: 'done'; readonly context: string; readonly receipt: string } | Failure;

export type GetResult =
  | {
      readonly kind: 'found';
      readonly context: string;
      readonly values: readonly (Buffer | null)[];
      readonly receipt: string;
    }
  | { readonly kind: 'absent'; readonly context: string; readonly receipt: string }
  | Failure;

export interface ListOptions {
  readonly r?: number;
  readonly strict?: boolean;
  /** Of each page. */
  readonly timeoutMs: number;
  /** Keys of a page. */
  readonly limit?: number;
}

export type ListResult = { readonly kind: 'listed'; readonly keys: readonly string[] } | Failure;

export interface Failure {
  readonly kind: 'failed';
  /** 0: no answer came at all. */
  readonly code: number;
  readonly outcome: 'none' | 'unknown';
  readonly message: string;
  /** What is there, where a condition was not met and it is shown. */
  readonly instead?: { readonly context: string; readonly values: readonly (Buffer | null)[] };
}

/** How long after its own deadline a client still waits for the node's word. */
const patienceMs = 500;

export class PlainClient {
  private readonly inbox: string;
  private readonly waiting = new Map<string, (message: BusMessage | undefined) => void>();
  private next = 0;

  constructor(
    private readonly bus: SimBus,
    private readonly scheduler: Scheduler,
    private readonly process: SimProcess,
    private readonly prefix: string,
    /** The next request's, where somebody looks at it. */
    private readonly traceOf: () => string | undefined = () => undefined,
  ) {
    // As nodes see the inbox of a client in another account: a subject of the server's making for
    // each request.
    this.inbox = bus.inbox().replace('_INBOX', '_R_');
    bus.subscribe(`${this.inbox}.*`, (message) => this.waiting.get(message.subject)?.(message));
  }

  put(
    name: string,
    value: Buffer | null,
    options: PutOptions,
    done: (result: PutResult) => void,
  ): void {
    const headers = this.headers(options.timeoutMs);
    if (options.context !== undefined) headers['Kv-Context'] = options.context;
    if (options.w !== undefined) headers['Kv-W'] = `${options.w}`;
    if (options.strict === true) headers['Kv-Quorum'] = 'strict';
    if (options.operation !== undefined) headers['Kv-Op'] = options.operation;
    if (options.onlyIf !== undefined) headers['Kv-If'] = options.onlyIf;
    if (options.ttlMs !== undefined) headers['Kv-TTL'] = `${options.ttlMs}`;
    if (options.untilMs !== undefined)
      headers['Kv-Deadline'] = `${wallMsAt(this.scheduler.nowUs) + options.untilMs}`;
    if (options.inParts !== undefined && value !== null && value.length > 0) {
      const how = options.inParts;
      const { timeoutMs } = options;
      const byUs = this.scheduler.nowUs + timeoutMs * 1000;
      return uploadParts(this.askOf(name, timeoutMs), value, how, (commit) => {
        const leftMs = Math.floor((byUs - this.scheduler.nowUs) / 1000);
        if (commit === undefined || leftMs < 1)
          return done(how.end === 'commit' ? notCommitted : { ...notCommitted, code: wasNotToBe });
        const headersOfCommit = { ...headers, ...commit, 'Kv-Timeout': `${leftMs}` };
        this.putWith(name, nothing, { headers: headersOfCommit, timeoutMs: leftMs }, done);
      });
    }
    this.putWith(name, value, { headers, timeoutMs: options.timeoutMs }, done);
  }

  private putWith(
    name: string,
    value: Buffer | null,
    options: { headers: Record<string, string>; timeoutMs: number },
    done: (result: PutResult) => void,
  ): void {
    const subject = `${this.prefix}.${value === null ? 'del' : 'put'}.${subjectOf(name)}`;
    this.request(subject, value ?? nothing, options, (reply) => {
      const failure = failureOf(reply);
      if (failure !== undefined) return done(failure);
      const context = reply!.header('Kv-Context') ?? '';
      done({ kind: 'done', context, receipt: reply!.header('Kv-Receipt') ?? '' });
    });
  }

  get(name: string, options: GetOptions, done: (result: GetResult) => void): void {
    const headers = this.headers(options.timeoutMs);
    if (options.r !== undefined) headers['Kv-R'] = `${options.r}`;
    if (options.strict === true) headers['Kv-Quorum'] = 'strict';
    const { timeoutMs } = options;
    const subject = `${this.prefix}.get.${subjectOf(name)}`;
    this.request(subject, Buffer.alloc(0), { headers, timeoutMs }, (reply) => {
      const failure = failureOf(reply);
      const context = reply?.header('Kv-Context') ?? '';
      const receipt = reply?.header('Kv-Receipt') ?? '';
      if (failure?.code === 404) done({ kind: 'absent', context, receipt });
      else if (failure !== undefined) done(failure);
      else
        this.whole(name, reply!, options, (values) => {
          if (values === undefined) done(changedMeanwhile);
          else done({ kind: 'found', context, receipt, values });
        });
    });
  }

  /** All keys of a bucket, page by page. */
  list(bucket: string, options: ListOptions, done: (result: ListResult) => void): void {
    const { timeoutMs, limit } = options;
    const headers = this.headers(timeoutMs);
    if (options.r !== undefined) headers['Kv-R'] = `${options.r}`;
    if (options.strict === true) headers['Kv-Quorum'] = 'strict';
    const keys: string[] = [];
    const ask = (cursor: string | undefined): void => {
      const payload = Buffer.from(JSON.stringify({ limit, cursor }));
      const subject = `${this.prefix}.keys.${bucket}`;
      this.request(subject, payload, { headers, timeoutMs }, (reply) => {
        const failure = failureOf(reply);
        if (failure !== undefined) return done(failure);
        const page = JSON.parse(Buffer.from(reply!.data).toString()) as {
          readonly keys: readonly string[];
          readonly cursor?: string;
        };
        keys.push(...page.keys);
        if (page.cursor === undefined) done({ kind: 'listed', keys });
        else ask(page.cursor);
      });
    };
    ask(undefined);
  }

  /** With the bytes of big ones; undefined where some can't be had. */
  private whole(
    name: string,
    reply: BusMessage,
    { timeoutMs, r, strict }: GetOptions,
    done: (values: (Buffer | null)[] | undefined) => void,
  ): void {
    const count = Number(reply.header('Kv-Siblings') ?? '1');
    const big = count === 1 ? bigIn(reply) : undefined;
    const told = big === undefined ? toldIn(reply) : [big];
    const open = told.flatMap((value, i) => (value === null || Buffer.isBuffer(value) ? [] : [i]));
    if (open.length === 0) return done(told as (Buffer | null)[]);
    const how = {
      ...(r !== undefined && { 'Kv-R': `${r}` }),
      ...(strict === true && { 'Kv-Quorum': 'strict' }),
    };
    const ask = this.askOf(name, timeoutMs, how);
    const values = told.map((value) => (Buffer.isBuffer(value) ? value : null));
    const next = (): void => {
      const i = open.shift();
      if (i === undefined) return done(values);
      const sibling = count === 1 ? undefined : i;
      downloadBig(ask, { ...(told[i] as BigTold), sibling }, (value) => {
        if (value === undefined) return done(undefined);
        values[i] = value;
        next();
      });
    };
    next();
  }

  private askOf(name: string, timeoutMs: number, how: Readonly<Record<string, string>> = {}): Ask {
    return ({ verb, payload, headers }, done) => {
      const subject = `${this.prefix}.${verb}.${subjectOf(name)}`;
      const sent = { ...this.headers(timeoutMs), ...how, ...headers };
      this.request(subject, payload, { headers: sent, timeoutMs }, done);
    };
  }

  /** `ring` or `status`, parsed; undefined when nobody answers. */
  document(which: 'ring' | 'status', done: (document: object | undefined) => void): void {
    const options = { headers: { 'Kv-Accept': 'json' }, timeoutMs: 1000 };
    this.request(`${this.prefix}.${which}`, Buffer.alloc(0), options, (reply) =>
      done(
        reply === undefined || reply.noResponders
          ? undefined
          : (JSON.parse(Buffer.from(reply.data).toString()) as object),
      ),
    );
  }

  private headers(timeoutMs: number): Record<string, string> {
    const trace = this.traceOf();
    return { 'Kv-Timeout': `${timeoutMs}`, ...(trace !== undefined && { 'Kv-Trace': trace }) };
  }

  private request(
    subject: string,
    payload: Buffer,
    options: { headers: Record<string, string>; timeoutMs: number },
    done: (reply: BusMessage | undefined) => void,
  ): void {
    const reply = `${this.inbox}.${++this.next}`;
    let timer: SimEvent | undefined;
    const finish = (message: BusMessage | undefined): void => {
      if (timer !== undefined) this.scheduler.cancel(timer);
      this.waiting.delete(reply);
      done(message);
    };
    const waitUs = (options.timeoutMs + patienceMs) * 1000;
    timer = this.scheduler.in(waitUs, this.process, () => finish(undefined));
    this.waiting.set(reply, finish);
    this.bus.publish(subject, payload, { reply, headers: options.headers });
  }
}

/** `<bucket>/<key>` as the two tokens of a subject. */
function subjectOf(name: string): string {
  return name.replace('/', '.');
}

function failureOf(reply: BusMessage | undefined): Failure | undefined {
  if (reply === undefined)
    return { kind: 'failed', code: 0, outcome: 'unknown', message: 'no answer' };
  if (reply.noResponders)
    return { kind: 'failed', code: 503, outcome: 'none', message: 'no responders' };
  const code = reply.header('Nats-Service-Error-Code');
  if (code === undefined) return undefined;
  const isShown = code === '409' && reply.header('Kv-Siblings') !== undefined;
  const context = reply.header('Kv-Context') ?? '';
  return {
    kind: 'failed',
    code: Number(code),
    outcome: reply.header('Kv-Outcome') === 'none' ? 'none' : 'unknown',
    message: reply.header('Nats-Service-Error') ?? '',
    ...(isShown && { instead: { context, values: valuesOf(reply) } }),
  };
}

function valuesOf(reply: BusMessage): (Buffer | null)[] {
  return toldIn(reply).map((value) => {
    if (value !== null && !Buffer.isBuffer(value)) throw new Error('a sibling is bin or nil');
    return value;
  });
}

/** Of big values what is told of them. */
function toldIn(reply: BusMessage): (Buffer | BigTold | null)[] {
  const data = Buffer.from(reply.data);
  const count = Number(reply.header('Kv-Siblings') ?? '1');
  if (count <= 1) return count === 0 ? [] : [data];
  const list = readMessagePack(data);
  if (!Array.isArray(list)) throw new Error('siblings are an array');
  return list.map((value) => {
    if (value === null || Buffer.isBuffer(value)) return value;
    if (!Array.isArray(value)) throw new Error('a sibling is bin, nil or what is told of it');
    return { size: Number(value[0]), digest: String(value[1]) };
  });
}

const nothing = Buffer.alloc(0);

/** Nothing of it shows: the key was not put. */
const notCommitted: Failure = {
  kind: 'failed',
  code: 0,
  outcome: 'none',
  message: 'not committed',
};

/** Nobody was asked for it. */
const wasNotToBe = 409;

const changedMeanwhile: Failure = {
  kind: 'failed',
  code: 409,
  outcome: 'unknown',
  message: 'a big value could not be read to its end',
};
