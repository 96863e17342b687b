/** A call that is made for requests under the glass: this node notes its part in them. */
import type { IncomingCall } from '../bus/peers.js';
import { QuorateError } from '../errors.js';
import type { StepWhat, TraceId } from '../insight/notes.js';
import { shortened } from '../seams/inspection-view.js';
import type { Tracing } from '../seams/tracing.js';
import type { Answer, Verb } from '../wire/protocol/bodies.js';
import { bytesIn } from '../wire/wire-value.js';

/** `yes`: what is noted when it is answered as it was asked. Throws what the handler throws. */
export function serveTraced<V extends Verb>(
  tracing: Tracing,
  call: IncomingCall<V>,
  how: { readonly verb: V; readonly traces: readonly TraceId[]; readonly yes: StepWhat },
  handle: (call: IncomingCall<V>) => void,
): void {
  const { verb, traces, yes } = how;
  const { from: peer, id } = call;
  const note: Tracing['note'] = (ids, sketch) => tracing.note(ids, sketch);
  const message = { kind: 'message', peer, verb, call: id } as const;
  tracing.serve(traces);
  note(traces, { ...message, way: 'received', bytes: bytesIn(call.body) });
  const said = (bytes: number): void =>
    note(traces, { ...message, way: 'sent', bytes, answers: true });
  const refuse = (code: number, text: string): void => {
    const why = `${code} ${shortened(text)}`;
    note(traces, { kind: 'step', what: 'refused', about: peer, text: why });
    said(text.length);
  };
  const ok = (body: Answer<V>): void => {
    note(traces, { kind: 'step', what: yes, about: peer });
    call.ok(body);
    said(bytesIn(body));
  };
  try {
    handle({
      from: peer,
      id,
      body: call.body,
      ok,
      refuse: (code, text) => {
        refuse(code, text);
        call.refuse(code, text);
      },
    });
  } catch (error) {
    if (error instanceof QuorateError) refuse(error.code, error.message);
    throw error;
  }
}
