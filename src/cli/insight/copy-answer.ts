/** What a node answers of a key it holds, checked: nothing of it is believed before. */
import { isNodeId } from '../../../actors/rules/actor.js';
import type { KeyCopy } from '../../insight/key-copies.js';
import type { InsightAnswer } from './insight-question.js';

/** Undefined: it is none. */
export function copyIn(answer: InsightAnswer | undefined): KeyCopy | undefined {
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

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && isNodeId(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isListOf(value: unknown, isElement: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isElement);
}
