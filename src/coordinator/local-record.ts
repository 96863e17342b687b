import { emptyState } from '../../actors/rules/versions.js';
import type { StoredRecord } from '../store/store.js';
import { spanOf, type StateSpan } from '../wire/encoded-states.js';
import { encodeState } from '../wire/key-state-codec.js';

/**
 * What is known of a key before a put: the stored record, or what the same round made of it, which
 * lies nowhere yet.
 */
export interface LocalRecord extends Pick<StoredRecord, 'state' | 'mark'> {
  readonly span?: StateSpan;
}

export const absentRecord: LocalRecord = {
  state: emptyState,
  mark: 0,
  span: spanOf(encodeState(emptyState)),
};
