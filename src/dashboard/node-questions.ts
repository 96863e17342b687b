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
import { isFields, type Fields } from './fields.js';
import { isStatus } from './status-answers.js';
import type { StatusPicture } from './wire.js';

export interface QuestionParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly prefix: string;
}

interface AskedOfNodes<T> {
  readonly answersMax: number;
  readonly payload?: Uint8Array;
  readonly waitMs?: number;
  /** Undefined: it is none. */
  readonly answerOf: (document: DocumentValue) => T | undefined;
}

export class NodeQuestions {
  private readonly subjects: Subjects;
  /** What ends each question that is out. */
  private readonly open = new Set<() => void>();
  private isStopped = false;

  constructor(private readonly parts: QuestionParts) {
    this.subjects = new Subjects(parts.prefix);
  }

  /** Undefined: nobody answers, or nothing that is a ring. */
  async ring(): Promise<RingMessage | undefined> {
    const [answer] = await this.ask(this.subjects.ring, { answersMax: 1, answerOf: ringOf });
    return answer;
  }

  /** Of as many as are expected; each once. */
  async statuses(answersMax: number): Promise<StatusPicture[]> {
    const answers = await this.ask(this.subjects.status, { answersMax, answerOf: statusOf });
    return [...new Map(answers.map((status) => [status.id, status])).values()];
  }

  /** `{ error }` as it came; undefined: no answer. */
  async insight(
    node: string,
    asked: Fields,
    waitMs: number = dashboardLimits.answerMsMax,
  ): Promise<Fields | undefined> {
    const subject = nodeSubject(this.parts.prefix, node, 'insight');
    const payload = encodeDocument(asked);
    const question = { answersMax: 1, payload, waitMs, answerOf: fieldsOf };
    const [answer] = await this.ask(subject, question);
    return answer;
  }

  /** Nothing is asked any more, and nobody waits for what was. */
  stop(): void {
    this.isStopped = true;
    for (const finish of this.open) finish();
  }

  /** What is no answer counts as none: whoever says it keeps nobody else from answering. */
  private ask<T>(subject: string, question: AskedOfNodes<T>): Promise<T[]> {
    const { bus, clock } = this.parts;
    const { answersMax, payload = new Uint8Array(0), answerOf } = question;
    const { waitMs = dashboardLimits.answerMsMax } = question;
    if (this.isStopped) return Promise.resolve([]);
    return new Promise((resolve) => {
      const answers: T[] = [];
      const inbox = bus.inbox();
      const finish = (): void => {
        subscription.unsubscribe();
        clock.clearTimeout(timer);
        this.open.delete(finish);
        resolve(answers);
      };
      const subscription = bus.subscribe(inbox, (message) => {
        if (answers.length >= answersMax) return;
        const document = answerIn(message);
        const answer = document === undefined ? undefined : answerOf(document);
        if (answer !== undefined) answers.push(answer);
        if (message.noResponders || answers.length >= answersMax) finish();
      });
      const timer = clock.setTimeout(finish, waitMs);
      this.open.add(finish);
      bus.publish(subject, payload, { reply: inbox });
    });
  }
}

/** As many as may answer where nobody knows how many there are. */
export const everybody = limits.membersMax;

function fieldsOf(document: DocumentValue): Fields | undefined {
  return isFields(document) ? document : undefined;
}

function statusOf(document: DocumentValue): StatusPicture | undefined {
  return isStatus(document) ? document : undefined;
}

function ringOf(document: DocumentValue): RingMessage | undefined {
  try {
    return ringFromDocument(document);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
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
