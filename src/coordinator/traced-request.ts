/** A request under the glass: its trace hears what its author is told. */
import type { TraceMark, Tracing, TracedReply } from '../seams/tracing.js';
import { receiptText } from '../wire/receipt.js';
import type { GetReply, GetRequest, PutReply, PutRequest } from './coordinator.js';

export function tracedPut(request: PutRequest, trace: TraceMark, tracing: Tracing): PutRequest {
  const onReply = (reply: PutReply): void => {
    tracing.replied(trace, told(reply));
    request.onReply(reply);
  };
  return { ...request, trace, onReply };
}

export function tracedGet(request: GetRequest, trace: TraceMark, tracing: Tracing): GetRequest {
  const onReply = (reply: GetReply): void => {
    tracing.replied(trace, told(reply));
    request.onReply(reply);
  };
  return { ...request, trace, onReply };
}

function told(reply: PutReply | GetReply): TracedReply {
  if (reply.ok) return { isFailure: false, text: receiptText(reply.receipt) };
  const { code, message, outcome } = reply.error;
  return { isFailure: code !== 404, text: `${code} ${message} (${outcome})` };
}
