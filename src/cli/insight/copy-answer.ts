/** What a node answers of a key it holds, checked: nothing of it is believed before. */
import { isNodeId } from '../../../actors/rules/actor.js';
import { isCount, isFields, isListOf, type Fields } from '../../dashboard/fields.js';
import type { KeyCopy } from '../../insight/key-copies.js';

/** Undefined: it is none. */
export function copyIn(answer: Fields | undefined): KeyCopy | undefined {
  if (answer === undefined || answer['error'] !== undefined) return undefined;
  const { held, dots, context, siblings, owedTo } = answer;
  const isCopy =
    typeof held === 'boolean' &&
    isListOf(dots, isDot) &&
    isListOf(context, isDot) &&
    isListOf(siblings, isSibling) &&
    isListOf(owedTo, isId);
  return isCopy ? (answer as unknown as KeyCopy) : undefined;
}

function isSibling(value: unknown): boolean {
  const { dot, bytes, value: shown, tombstone } = fieldsOf(value);
  const isValue = tombstone === true || (isCount(bytes) && typeof shown === 'string');
  return isDot(dot) && typeof tombstone === 'boolean' && isValue;
}

function isDot(value: unknown): boolean {
  const { node, epoch, counter } = fieldsOf(value);
  return isId(node) && isCount(epoch) && isCount(counter);
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && isNodeId(value);
}
