/** What this node goes by when keys are forgotten. */
import type { ClusterView } from '../membership/cluster-view.js';
import type { Grounds } from './transfer-messages.js';

export function groundsOf({ ring, removed }: ClusterView): Grounds {
  return { ringEpoch: ring.epoch, removed: [...removed].sort() };
}
