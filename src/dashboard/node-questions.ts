/**
 * Questions to the nodes of a cluster: `kv.ring`, which one of them answers, `kv.status`, which all
 * of them do, and the verb `insight` of one. Who does not answer in time has said nothing.
 */
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { limits } from '../../actors/rules/limits.js';
import { MalformedError } from '../errors.js';
import type { Bus, BusMessage } from '../seams/bus.js';
import type { Clock } from '../seams/clock.js';
import { decodeDocument, encodeDocument, type DocumentValue } from '../wire/message-pack.js';
import { ringFromDocument } from '../wire/ring-document.js';
import type { RingMessage } from '../wire/ring-message.js';
import { headerNames, nodeSubject, Subjects } from '../wire/subjects.js';
import type { StatusPicture } from './wire.js';

export type Fields = Readonly<Record<string, DocumentValue>>;

export interface QuestionParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly prefix: string;
}

export class NodeQuestions {
  private readonly subjects: Subjects;

  constructor(private readonly parts: QuestionParts) {
    this.subjects = new Subjects(parts.prefix);
  }

  /** Undefined: nobody answers, or nothing that is a ring. */
  async ring(): Promise<RingMessage | undefined> {
    const [answer] = await this.ask(this.subjects.ring, { answersMax: 1 });
    try {
      return answer === undefined ? undefined : ringFromDocument(answer);
    } catch (error) {
      if (error instanceof MalformedError) return undefined;
      throw error;
    }
  }

  /** Of as many as are expected; each once. */
  async statuses(answersMax: number): Promise<StatusPicture[]> {
    const answers = await this.ask(this.subjects.status, { answersMax });
    const byId = new Map<string, StatusPicture>();
    for (const answer of answers) if (isStatus(answer)) byId.set(answer.id, answer);
    return [...byId.values()];
  }

  /** `{ error }` as it came; undefined: no answer. */
  async insight(
    node: string,
    question: Fields,
    waitMs: number = dashboardLimits.answerMsMax,
  ): Promise<Fields | undefined> {
    const subject = nodeSubject(this.parts.prefix, node, 'insight');
    const payload = encodeDocument(question);
    const [answer] = await this.ask(subject, { answersMax: 1, payload, waitMs });
    return isFields(answer) ? answer : undefined;
  }

  private ask(
    subject: string,
    question: {
      readonly answersMax: number;
      readonly payload?: Uint8Array;
      readonly waitMs?: number;
    },
  ): Promise<DocumentValue[]> {
    const { bus, clock } = this.parts;
    const { answersMax, payload = new Uint8Array(0) } = question;
    const { waitMs = dashboardLimits.answerMsMax } = question;
    return new Promise((resolve) => {
      const answers: DocumentValue[] = [];
      const inbox = bus.inbox();
      const finish = (): void => {
        subscription.unsubscribe();
        clock.clearTimeout(timer);
        resolve(answers);
      };
      const subscription = bus.subscribe(inbox, (message) => {
        const answer = answerIn(message);
        if (answer !== undefined) answers.push(answer);
        if (message.noResponders || answers.length >= answersMax) finish();
      });
      const timer = clock.setTimeout(finish, waitMs);
      bus.publish(subject, payload, { reply: inbox });
    });
  }
}

/** As many as may answer where nobody knows how many there are. */
export const everybody = limits.membersMax;

export function isFields(value: DocumentValue | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy: what came is lent for this turn alone. */
function answerIn(message: BusMessage): DocumentValue | undefined {
  try {
    if (message.noResponders || message.header(headerNames.errorCode) !== undefined)
      return undefined;
    return decodeDocument(message.data);
  } catch (error) {
    // Whatever it is, it is no answer of a node.
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/** What the page counts with must be there; what else a node says is shown as it is. */
function isStatus(value: DocumentValue): value is DocumentValue & StatusPicture {
  if (!isFields(value)) return false;
  const texts = ['id', 'name', 'host', 'zone', 'status'];
  const numbers = ['pid', 'uptimeMs', 'partitions', 'keys', 'hints', 'hintBytes', 'clockAheadMs'];
  const maps = ['clockOffsetsMs', 'counters', 'histograms'];
  return (
    texts.every((name) => typeof value[name] === 'string') &&
    numbers.every((name) => typeof value[name] === 'number') &&
    maps.every((name) => isFields(value[name])) &&
    Array.isArray(value['problems'])
  );
}
