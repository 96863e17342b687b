import { emptyState } from '../../actors/rules/versions.js';
import type { StoredRecord } from '../store/store.js';
import { stateIn, type EncodedState } from '../wire/encoded-state.js';
import { encodeState } from '../wire/key-state-codec.js';

/**
 * What is known of a key before a put: the stored record, or what the same round made of it, which
 * lies nowhere yet.
 */
export interface LocalRecord extends Pick<StoredRecord, 'state' | 'mark'> {
  readonly span?: EncodedState;
}

export const absentRecord: LocalRecord = {
  state: emptyState,
  mark: 0,
  span: stateIn(encodeState(emptyState)),
};
