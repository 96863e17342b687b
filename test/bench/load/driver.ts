/** How the client process speaks to a system: its own language's client, as its documentation says to use it. */
import type { SystemName } from '../plan.js';
import type { Target } from '../systems/system.js';
import { jetStreamDriver } from './jetstream-driver.js';
import { quorateDriver } from './quorate-driver.js';

export interface Driver {
  put(key: string, value: Uint8Array): Promise<unknown>;
  /** The bytes; rejects for an absent key, which no workload asks for. */
  get(key: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const drivers: Readonly<Record<SystemName, (target: Target) => Promise<Driver>>> = {
  quorate: quorateDriver,
  'jetstream-kv-r3': jetStreamDriver,
};
