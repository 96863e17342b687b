/**
 * What a node says of itself, checked as far as the dashboard and its page count with it. Whoever
 * may answer in the place of a node may answer anything.
 */
import { isNodeId } from '../../actors/rules/actor.js';
import { isLabelText } from '../wire/text.js';
import { isFields, isListOf, type Fields } from './fields.js';
import type { StatusPicture } from './wire.js';

const labels = ['name', 'host', 'zone', 'status'];
const numbers = ['pid', 'uptimeMs', 'partitions', 'keys', 'hints', 'hintBytes', 'clockAheadMs'];

/** What else it says is shown as it is. */
export function isStatus(value: unknown): value is StatusPicture {
  if (!isFields(value)) return false;
  const { id, startedAs } = value;
  return (
    typeof id === 'string' &&
    isNodeId(id) &&
    [...labels.map((name) => value[name]), startedAs ?? ''].every(isLabel) &&
    numbers.every((name) => Number.isFinite(value[name])) &&
    isMapOf(value['clockOffsetsMs'], isNumber) &&
    isMapOf(value['counters'], isNumber) &&
    isMapOf(value['histograms'], isHistogram) &&
    isListOf(value['problems'], (problem) => typeof problem === 'string')
  );
}

/** One count to each bound, and one for what is above all of them. */
function isHistogram(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { upTo, counts, sum } = value;
  return (
    isListOf(upTo, isNumber) &&
    isListOf(counts, isNumber) &&
    counts.length === upTo.length + 1 &&
    isNumber(sum)
  );
}

/** A gauge may be one that can't be told. */
function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isLabel(value: unknown): boolean {
  return typeof value === 'string' && isLabelText(value);
}

function isMapOf(value: unknown, isElement: (element: unknown) => boolean): value is Fields {
  return isFields(value) && Object.values(value).every(isElement);
}
