/** Maps as nodes send them: MessagePack documents, of which nothing is believed yet. */
import type { DocumentValue } from '../wire/message-pack.js';

export type Fields = Readonly<Record<string, DocumentValue>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isListOf(
  value: unknown,
  isElement: (element: unknown) => boolean,
): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isElement);
}
