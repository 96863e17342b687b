/**
 * Messages as notes: who asks whom with which verb, and which answer belongs to which question.
 * Read by the simulator's own reader of messages, from what passes its NATS.
 */
import type { MessageNote } from '../../../src/insight/notes.js';
import { type Plain, readMessagePack } from '../oracle/message-reader.js';
import { tracesIn } from '../seams/plain-payload.js';
import type { Handed, Publication } from '../seams/sim-nats.js';

type Way = MessageNote['way'];

/** Of a request that is put under the glass. */
const traceHeader = 'Kv-Trace';

/** What a note says of a message beside its way, its time and its two ends. */
type Said = Pick<MessageNote, 'verb' | 'bytes' | 'call' | 'answers' | 'trace'>;

interface Question {
  readonly verb: string;
  readonly call: number | undefined;
  readonly trace?: string | undefined;
}

export interface MessageNotes {
  sent(from: string, publication: Publication): void;
  handed(handed: Handed): void;
}

/** `named`: how a note calls a client or node. */
export function messageNotes(
  named: (name: string) => string,
  note: (note: Omit<MessageNote, 'atUs'>) => void,
): MessageNotes {
  const reader = new MessageReader();
  const tell = (way: Way, ends: { node: string; peer: string }, said: readonly Said[]): void => {
    for (const one of said) note({ kind: 'message', way, ...ends, ...one });
  };
  return {
    sent: (from, publication) => {
      const peer = receiverOf(publication.subject) ?? reader.askerBy(publication.subject) ?? '';
      reader.learn(from, publication);
      tell('sent', { node: from, peer: named(peer) }, reader.read(publication));
    },
    handed: ({ from, to, publication }) =>
      tell('received', { node: to, peer: named(from) }, reader.read(publication)),
  };
}

class MessageReader {
  /** By reply subject, and by asker and id for calls between nodes. */
  private readonly questions = new Map<string, Question>();
  private readonly askers = new Map<string, string>();

  /** A question, so that its answer is known by it. */
  learn(from: string, { subject, reply, payload, headers }: Publication): void {
    if (reply === '') return;
    const [root, , verb = ''] = subject.split('.');
    if (root?.startsWith('_') !== true) {
      const trace = headers?.[traceHeader];
      const question = { verb: verbOf(subject), call: callOf(reply), trace };
      this.questions.set(reply, question);
      this.askers.set(reply, from);
      return;
    }
    const message = listOf(payload);
    const [, asker, id] = message;
    if (typeof asker !== 'string' || typeof id !== 'number' || id === 0) return;
    const [trace] = tracesIn(verb, message);
    this.questions.set(`${asker} ${id}`, { verb, call: id, trace });
  }

  /** Whom a reply goes to. */
  askerBy(subject: string): string | undefined {
    return this.askers.get(subject);
  }

  /** One for each answer where there are several. */
  read({ subject, reply, payload, headers }: Publication): readonly Said[] {
    const bytes = payload.length;
    const asked = this.questions.get(subject);
    if (asked !== undefined) return [said({ ...asked, bytes, answers: true })];
    const [root, node = '', verb = ''] = subject.split('.');
    if (root?.startsWith('_') !== true) {
      const call = reply === '' ? undefined : callOf(reply);
      return [said({ verb: verbOf(subject), bytes, call, trace: headers?.[traceHeader] })];
    }
    if (verb === 'answers') return this.answers(node, payload);
    // The server's word to who asked a node that is not there.
    if (verb === 'gone' || verb === 'absent')
      return [said({ verb, bytes, call: wholeOf(subject.split('.')[3]), answers: true })];
    const message = listOf(payload);
    const [, , id] = message;
    const call = typeof id === 'number' && id > 0 ? id : undefined;
    return [said({ verb, bytes, call, trace: tracesIn(verb, message)[0] })];
  }

  private answers(to: string, payload: Buffer): Said[] {
    const [, , ...answers] = listOf(payload);
    const share = Math.floor(payload.length / Math.max(1, answers.length));
    return answers.map((answer, at) => {
      const id = Array.isArray(answer) && typeof answer[0] === 'number' ? answer[0] : 0;
      const known = this.questions.get(`${to} ${id}`);
      const { verb, call, trace } = known ?? { verb: 'answers', call: id, trace: undefined };
      const rest = at === 0 ? payload.length - share * answers.length : 0;
      return said({ verb, bytes: share + rest, call, trace, answers: true });
    });
  }
}

interface Saying extends Question {
  readonly bytes: number;
  readonly answers?: boolean;
}

function said({ verb, bytes, call, trace, answers }: Saying): Said {
  return {
    verb,
    bytes,
    ...(call && { call }),
    ...(answers === true && { answers: true as const }),
    ...(trace !== undefined && { trace }),
  };
}

/** `_kv.<node>.<verb>`, `kv.frame.<node>`: the id of a node. */
function receiverOf(subject: string): string | undefined {
  const [root, second, third] = subject.split('.');
  if (root?.startsWith('_') === true && !/^_(?:INBOX|R_)/.test(subject)) return second;
  return second === 'frame' ? third : undefined;
}

/** `kv.put.<bucket>.<key>`, or `kv.p.<partition>.put.…` once it is mapped: no key is noted. */
function verbOf(subject: string): string {
  const [root = '', second = '', , fourth = ''] = subject.split('.');
  if (root.startsWith('$')) return root;
  return second === 'p' ? fourth : second;
}

/** Each request of a plain client has an inbox with a number of its own. */
function callOf(reply: string): number | undefined {
  return wholeOf(reply.slice(reply.lastIndexOf('.') + 1));
}

function wholeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(Number(text))
    ? Number(text)
    : undefined;
}

/** Empty where it is no message of nodes to each other: operators ask in another form. */
function listOf(payload: Buffer): readonly Plain[] {
  if (payload.length === 0) return [];
  try {
    const value = readMessagePack(payload);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
