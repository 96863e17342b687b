/** The last part of a request between nodes that is made for requests under the glass. */
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { MalformedError } from '../../errors.js';
import { isTraceId, type TraceId } from '../../insight/notes.js';
import { isList } from '../columns.js';
import type { WireValue } from '../wire-value.js';

export type Traces = readonly TraceId[];

/** Throws `MalformedError`. */
export function tracesOf(value: WireValue | undefined): Traces {
  const isSome = value !== undefined && isList(value) && value.length > 0;
  if (!isSome || value.length > insightLimits.tracesTogetherMax || !value.every(isTraceId))
    throw new MalformedError('traces are some ids of 16 hexadecimal digits');
  return value;
}
