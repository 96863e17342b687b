/** Other nodes, as a round under the glass asks them: who was asked what, and what each said. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { CallId, PeerAnswer, Peers } from '../bus/peers.js';
import type { StepWhat, TraceId } from '../insight/notes.js';
import { shortened } from '../seams/inspection-view.js';
import type { Sketch } from '../seams/tracing.js';
import type { Request, Verb } from '../wire/protocol/bodies.js';
import { mergeOf, mergeReason, notOwed, tracedMerge } from '../wire/protocol/merge.js';
import { tracedRead } from '../wire/protocol/read.js';
import { bytesIn } from '../wire/wire-value.js';

export interface Noting {
  readonly travelling: readonly TraceId[];
  note(sketch: Sketch): void;
}

/** What a question is about, and what a yes to it comes to. */
interface Asking {
  readonly asked: Omit<Extract<Sketch, { kind: 'step' }>, 'kind'>;
  readonly yes: StepWhat;
}

export class TracedPeers implements Pick<Peers, 'call' | 'giveUp'> {
  constructor(
    private readonly peers: Pick<Peers, 'call' | 'giveUp'>,
    private readonly traces: Noting,
  ) {}

  call<V extends Verb>(
    to: NodeId,
    verb: V,
    body: Request<V>,
    onAnswer: (answer: PeerAnswer) => void,
  ): CallId {
    const { traces } = this;
    const { asked, yes } = askingOf(to, verb, body);
    traces.note({ kind: 'step', ...asked });
    const sent = this.withTraces(verb, body);
    const call = this.peers.call(to, verb, sent, (answer) => {
      this.answered({ to, verb, call, yes }, answer);
      onAnswer(answer);
    });
    const bytes = bytesIn(sent);
    traces.note({ kind: 'message', way: 'sent', peer: to, verb, bytes, call });
    return call;
  }

  giveUp(id: CallId): void {
    this.peers.giveUp(id);
  }

  private withTraces<V extends Verb>(verb: V, body: Request<V>): Request<V> {
    const { travelling } = this.traces;
    if (travelling.length === 0) return body;
    if (verb === 'merge')
      return tracedMerge(body as unknown as Request<'merge'>, travelling) as unknown as Request<V>;
    if (verb === 'read')
      return tracedRead(body as unknown as Request<'read'>, travelling) as unknown as Request<V>;
    return body;
  }

  private answered(
    question: { readonly to: NodeId; readonly verb: Verb; readonly call: CallId; yes: StepWhat },
    answer: PeerAnswer,
  ): void {
    const { to, verb, call, yes } = question;
    const { traces } = this;
    if (answer.kind === 'noResponders') {
      const text = 'nobody subscribes for it';
      return traces.note({ kind: 'step', what: 'outOfReach', about: to, text });
    }
    const bytes = answer.kind === 'ok' ? bytesIn(answer.body) : answer.message.length;
    const message = { kind: 'message', way: 'received', peer: to, verb, bytes, call } as const;
    traces.note({ ...message, answers: true });
    if (answer.kind === 'ok') traces.note({ kind: 'step', what: yes, about: to });
    else {
      const text = `${answer.code} ${shortened(answer.message)}`;
      traces.note({ kind: 'step', what: 'refused', about: to, text });
    }
  }
}

function askingOf<V extends Verb>(to: NodeId, verb: V, body: Request<V>): Asking {
  const asked = { what: 'asked', about: to, text: verb } as const;
  if (verb !== 'merge') return { asked, yes: 'answered' };
  const [reason, owedTo] = mergeOf(body);
  if (reason === mergeReason.repair)
    return { asked: { ...asked, text: 'to take the merged state' }, yes: 'repaired' };
  if (owedTo === notOwed) return { asked, yes: 'acked' };
  const detail = { owedTo };
  return { asked: { what: 'fallback', about: to, text: 'as a hint', detail }, yes: 'acked' };
}
