/**
 * `Peers` over the bus. Owns the protocol's envelope and its checks; bodies are the handlers'
 * business.
 *
 * Nothing that arrives can stop the node: what is malformed is counted and, where somebody waits,
 * refused.
 */
import { inject, injectable } from 'tsyringe';
import { isNodeId, type NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import {
  MalformedError,
  OtherConfigurationError,
  QuorateError,
  UnavailableError,
} from '../errors.js';
import { Bus, type BusMessage, type BusSubscription } from '../seams/bus.js';
import { Clock } from '../seams/clock.js';
import { Metrics } from '../seams/metrics.js';
import { Random } from '../seams/random.js';
import { isInt, isList, isText } from '../wire/columns.js';
import { decode, encode, encodeToPublish } from '../wire/message-pack.js';
import type { Answer, Request, Verb } from '../wire/protocol/bodies.js';
import { nodesRoot } from '../wire/subjects.js';
import type { WireValue } from '../wire/wire-value.js';
import { AnswerOutbox } from './answer-outbox.js';
import { peerInstruments, type PeerInstruments } from './peer-instruments.js';
import {
  NodeAddress,
  type CallId,
  type IncomingCall,
  type PeerAnswer,
  type PeerFence,
  type Peers,
} from './peers.js';
import { Underway } from './underway.js';

const protocol = 1;
/** The id of a told message: nobody waits. */
const told = 0;
const ok = 0;
/** Says no to a node that was removed from the cluster. */
const dismissed = 410;
/** What a node is asked and told by who is no member. */
const openVerbs: ReadonlySet<Verb> = new Set<Verb>(['gossip', 'chain']);
const nobodyOut: PeerFence = { isRemoved: () => false, isStranger: () => false };

interface PendingCall {
  readonly id: CallId;
  readonly to: NodeId;
  readonly onAnswer: (answer: PeerAnswer) => void;
}

@injectable()
export class BusPeers implements Peers {
  readonly self: NodeId;
  private readonly base: string;
  private readonly subscriptions: BusSubscription[] = [];
  private readonly calls = new Underway<PendingCall>();
  private readonly outbox: AnswerOutbox;
  private readonly contactListeners: ((peer: NodeId, contact: 'heard' | 'noResponders') => void)[] =
    [];
  private readonly dismissedListeners: ((by: NodeId) => void)[] = [];
  private gate = nobodyOut;
  private lastId: CallId;
  private isClosed = false;
  private readonly instruments: PeerInstruments;
  /** What a handler threw last that is no `QuorateError`; '' for nothing. */
  lastFailure = '';

  constructor(
    @inject(Bus) private readonly bus: Bus,
    @inject(Clock) clock: Clock,
    @inject(Random) random: Random,
    @inject(NodeAddress) address: NodeAddress,
    @inject(Metrics) metrics: Metrics,
  ) {
    this.instruments = peerInstruments(metrics);
    this.self = address.id;
    this.base = nodesRoot(address.prefix);
    // A node that restarts keeps its subjects; answers to its former process must not meet new
    // calls.
    this.lastId = (1 + random.below(2 ** 31)) * 2 ** 20;
    this.outbox = new AnswerOutbox({
      clock,
      envelope: [encode(protocol), encode(this.self)],
      bytesMax: () => this.messageBytesMax,
      send: (to, message) => bus.publish(`${this.base}.${to}.answers`, message),
    });
    const own = `${this.base}.${this.self}`;
    this.listen(`${own}.answers`, (message) => this.answered(message));
    this.listen(`${own}.gone.*`, (message) => this.gone(message));
    this.listen(`${own}.absent.*`, (message) => this.absent(message));
  }

  get pending(): number {
    return this.calls.size;
  }

  call<V extends Verb>(
    to: NodeId,
    verb: V,
    body: Request<V>,
    onAnswer: (answer: PeerAnswer) => void,
  ): CallId {
    const id = ++this.lastId;
    const reply = `${this.base}.${this.self}.gone.${id}`;
    this.send(`${this.base}.${to}.${verb}`, id, body, reply);
    this.calls.begin({ id, to, onAnswer });
    this.instruments.calls.value++;
    return id;
  }

  giveUp(id: CallId): void {
    this.calls.take((call) => call.id === id);
  }

  tell<V extends Verb>(to: NodeId, verb: V, body: Request<V>): void {
    this.instruments.tells.value++;
    const reply = `${this.base}.${this.self}.absent.${to}`;
    this.send(`${this.base}.${to}.${verb}`, told, body, reply);
  }

  tellAll<V extends Verb>(verb: V, body: Request<V>): void {
    this.instruments.tells.value++;
    this.send(`${this.base}.all.${verb}`, told, body);
  }

  handle<V extends Verb>(verb: V, handler: (call: IncomingCall<V>) => void): void {
    const receive = (message: BusMessage): void => this.receive(message, verb, handler);
    this.listen(`${this.base}.${this.self}.${verb}`, receive);
    this.listen(`${this.base}.all.${verb}`, receive);
  }

  onContact(listener: (peer: NodeId, contact: 'heard' | 'noResponders') => void): void {
    this.contactListeners.push(listener);
  }

  fence(fence: PeerFence): void {
    this.gate = fence;
  }

  onDismissed(listener: (by: NodeId) => void): void {
    this.dismissedListeners.push(listener);
  }

  close(): void {
    this.isClosed = true;
    this.outbox.flush();
    for (const subscription of this.subscriptions.splice(0)) subscription.unsubscribe();
    this.calls.endAll();
  }

  private listen(subject: string, handler: (message: BusMessage) => void): void {
    this.subscriptions.push(this.bus.subscribe(subject, handler));
  }

  private get messageBytesMax(): number {
    return Math.min(limits.messageBytesMax, this.bus.payloadBytesMax);
  }

  private send(subject: string, id: CallId, body: readonly WireValue[], reply?: string): void {
    const message = encodeToPublish([protocol, this.self, id, body]);
    if (message.length > this.messageBytesMax)
      throw new Error(`a message of ${message.length} bytes to ${subject} is not to be built`);
    this.bus.publish(subject, message, reply === undefined ? {} : { reply });
  }

  private receive<V extends Verb>(
    message: BusMessage,
    verb: V,
    handler: (call: IncomingCall<V>) => void,
  ): void {
    const request = this.open(message.data);
    if (request === undefined) return;
    const { from, rest } = request;
    const [id, body] = rest;
    if (verb !== 'chain' && this.gate.isRemoved(from)) return this.dismiss(from, id);
    if (!isInt(id) || !isList(body) || rest.length !== 2) {
      this.malformed();
      if (isInt(id)) this.refuse(from, id, new MalformedError('not a request'));
      return;
    }
    if (from === this.self && id === told) return;
    // It was on its way when this node left.
    if (this.isClosed) return this.refuse(from, id, new UnavailableError('the node stops'));
    if (!openVerbs.has(verb) && this.gate.isStranger(from))
      return this.refuse(from, id, new OtherConfigurationError());
    if (!this.gate.isRemoved(from)) this.heard(from);
    this.instruments.served.value++;
    const call = new ServedCall<V>(from, id, body, this.answer);
    try {
      handler(call);
    } catch (error) {
      const refusal = error instanceof QuorateError ? error : this.failure(error);
      call.refuse(refusal.code, refusal.message);
    }
  }

  /** The envelope of whatever a node sends. */
  private open(data: Uint8Array): { from: NodeId; rest: readonly WireValue[] } | undefined {
    try {
      const message = decode(data);
      if (isList(message)) {
        const [version, from, ...rest] = message;
        // The id becomes part of a subject: nothing else may get into it.
        if (version === protocol && isText(from) && isNodeId(from)) return { from, rest };
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
    }
    this.malformed();
    return undefined;
  }

  private failure(error: unknown): { code: number; message: string } {
    this.instruments.handlerFailures.value++;
    this.lastFailure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { code: 503, message: 'the node failed at this request' };
  }

  private refuse(to: NodeId, id: CallId, error: QuorateError): void {
    this.answer(to, id, error.code, error.message);
  }

  private dismiss(from: NodeId, id: WireValue | undefined): void {
    const text = 'the node was removed from the cluster';
    this.outbox.add(from, encode([isInt(id) ? id : told, dismissed, text]));
  }

  private readonly answer: SendAnswer = (to, id, code, result) => {
    if (id === told) return;
    const answer = encode([id, code, result]);
    const fits = answer.length <= this.outbox.answerBytesMax;
    this.outbox.add(to, fits ? answer : encode([id, 413, 'the answer is larger than a message']));
  };

  private answered(message: BusMessage): void {
    const answers = this.open(message.data);
    if (answers === undefined) return;
    const { from } = answers;
    if (this.gate.isRemoved(from)) return;
    this.heard(from);
    for (const answer of answers.rest) {
      if (!isList(answer) || answer.length !== 3) this.malformed();
      else this.take(from, answer as readonly [WireValue, WireValue, WireValue]);
    }
  }

  private take(by: NodeId, [id, code, result]: readonly [WireValue, WireValue, WireValue]): void {
    if (!isInt(id) || !isInt(code)) return this.malformed();
    if (code === dismissed) for (const listener of this.dismissedListeners) listener(by);
    const call = this.calls.find((pending) => pending.id === id);
    if (call === undefined || call.to !== by) {
      this.instruments.lateAnswers.value++;
      return;
    }
    if (code === ok ? !isList(result) : !isText(result)) return this.malformed();
    this.calls.end(call);
    call.onAnswer(
      code === ok
        ? { kind: 'ok', body: result as readonly WireValue[] }
        : { kind: 'refused', code, message: result as string },
    );
  }

  private gone(message: BusMessage): void {
    if (!message.noResponders) return this.malformed();
    const id = Number(lastToken(message.subject));
    const call = this.calls.take((pending) => pending.id === id);
    if (call === undefined) return;
    this.missing(call.to);
    call.onAnswer({ kind: 'noResponders' });
  }

  private absent(message: BusMessage): void {
    const peer = lastToken(message.subject);
    if (!message.noResponders || !isNodeId(peer)) return this.malformed();
    this.missing(peer);
  }

  private heard(peer: NodeId): void {
    for (const listener of this.contactListeners) listener(peer, 'heard');
  }

  private missing(peer: NodeId): void {
    this.instruments.noResponders.value++;
    for (const listener of this.contactListeners) listener(peer, 'noResponders');
  }

  private malformed(): void {
    this.instruments.malformed.value++;
  }
}

type SendAnswer = (to: NodeId, id: CallId, code: number, result: WireValue) => void;

class ServedCall<V extends Verb> implements IncomingCall<V> {
  private open = true;

  constructor(
    readonly from: NodeId,
    readonly id: CallId,
    readonly body: readonly WireValue[],
    private readonly answer: SendAnswer,
  ) {}

  ok(body: Answer<V>): void {
    this.once(ok, body);
  }

  refuse(code: number, message: string): void {
    this.once(code, message);
  }

  private once(code: number, result: WireValue): void {
    if (!this.open) return;
    this.open = false;
    this.answer(this.from, this.id, code, result);
  }
}

function lastToken(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}
