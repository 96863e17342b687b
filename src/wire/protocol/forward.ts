/**
 * The verb `forward`: order these puts, which were asked of another node
 * (`src/api/put-ordering.ts`). Request and answer are those of a client's frame (`frames.ts`) in
 * its columns.
 */
import { limits } from '../../../actors/rules/limits.js';
import { MalformedError } from '../../errors.js';
import {
  columnsOfPutReply,
  columnsOfRefusal,
  frameReplyOfColumns,
  type FrameRefusal,
  type PutFrameReply,
} from '../frame-replies.js';
import { columnsOfFrame, frameOfColumns, frameOverheadBytes, type PutFrame } from '../frames.js';
import type { WireValue } from '../wire-value.js';
import { asAnswer, asRequest, onlyOf, type Answer, type Request } from './bodies.js';

/** Envelope of a message between nodes, and some. */
const envelopeBytes = 256;
/** What the rows of one message take at most, and those of its answer. */
export const forwardRoomBytes = limits.messageBytesMax - envelopeBytes - frameOverheadBytes;

export function forwardBody(frame: PutFrame): Request<'forward'> {
  return asRequest([columnsOfFrame(frame)]);
}

export function forwardOf(body: readonly WireValue[]): PutFrame {
  const frame = frameOfColumns(onlyOf(body));
  if (frame.kind !== 'put') throw new MalformedError('only puts are passed on');
  return frame;
}

/** Contexts it has no room for are left out. */
export function orderedBody(reply: PutFrameReply): Answer<'forward'> {
  return asAnswer([columnsOfPutReply(reply, forwardRoomBytes)]);
}

/** Of all its puts. */
export function notOrderedBody(refusal: Omit<FrameRefusal, 'kind'>): Answer<'forward'> {
  return asAnswer([columnsOfRefusal(refusal)]);
}

/** `rows`: puts that were passed on. */
export function orderedOf(body: readonly WireValue[], rows: number): PutFrameReply | FrameRefusal {
  const reply = frameReplyOfColumns(onlyOf(body), rows);
  if (reply.kind === 'get') throw new MalformedError('an answer to gets, where puts were asked');
  return reply;
}
