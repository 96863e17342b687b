/**
 * What a line of the simulator's trace comes to as a note: faults, processes that come and go,
 * connections that break, and what clients asked for and were told. Other lines come to none.
 */
import type { EventNote, Note } from '../../../src/insight/notes.js';
import type { Marking } from './marking.js';

type Untimed = Note extends infer N ? (N extends Note ? Omit<N, 'atUs'> : never) : never;

const events: readonly (readonly [pattern: RegExp, what: EventNote['what']])[] = [
  [/^process \d+ starts$/, 'start'],
  [/^process ends$/, 'stop'],
  [/^failed: /, 'failed'],
  [/^threw /, 'failed'],
  [/^serves$/, 'well'],
  [/^reconnected$/, 'well'],
  [/^(?:disconnected|stranded|crashed|directory wiped|scrapped)/, 'ill'],
  [/^sync of .* failed$/, 'ill'],
  [/^(?:rot at|quarantined) /, 'ill'],
];

/** `<bucket>/<key> <token>` of who puts, `<bucket>/<key>` of who gets; and what they were told. */
const asks = /^(?:forged )?(put|delete|get) (\S+\/\S+)(?: (\S+))?/;
const answers = /^(?:(?:put|delete|forged) ([^\s/]+)|got (\S+\/\S+)) (.*)$/;

/** Nobody reads it, and it is long. */
const context = / [\w-]{20,}$/;

export class LifeNotes {
  /** Of requests under way, by client and what the line of their end names. */
  private readonly traces = new Map<string, string>();

  constructor(private readonly marking: Marking) {}

  /** undefined: nothing that a note says. */
  of(who: string, what: string): Untimed | undefined {
    if (who === 'fault') return { kind: 'fault', node: '', text: what };
    if (who === 'world')
      return what.startsWith('final ') ? undefined : { kind: 'fault', node: '', text: what };
    if (who === 'operator') return { kind: 'fault', node: '', text: `operator: ${what}` };
    const event = events.find(([pattern]) => pattern.test(what));
    if (event !== undefined) return { kind: 'event', node: who, what: event[1], text: what };
    return this.request(who, what);
  }

  private request(node: string, what: string): Untimed | undefined {
    const [, verb, name = '', token = ''] = asks.exec(what) ?? [];
    if (verb !== undefined) {
      const trace = this.marking.asks(node);
      this.traces.set(`${node} ${verb === 'get' ? name : token}`, trace);
      return { kind: 'step', node, trace, what: 'asked', text: `${verb} ${name}` };
    }
    const [, written, got = '', text = ''] = answers.exec(what) ?? [];
    const trace = this.traces.get(`${node} ${written ?? got}`);
    const told = text.replace(context, '').trim();
    if (trace === undefined) return undefined;
    this.marking.isTold(node);
    return { kind: 'step', node, trace, what: 'replied', text: told };
  }
}
