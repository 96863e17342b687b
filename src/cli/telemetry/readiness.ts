/** Whether requests should be sent to a node, as probes of schedulers ask it. */
import type { RunningNode } from '../../node/start-node.js';

export interface Readiness {
  readonly ready: boolean;
  /** Of the node, or `starting`. */
  readonly state: string;
  /** Not there when it is ready. */
  readonly reason?: string;
}

/** As `quorate status --node` judges; a full disk is no reason to send it no gets. */
export function readinessOf(node: RunningNode | undefined): Readiness {
  if (node === undefined)
    return { ready: false, state: 'starting', reason: 'it reaches for NATS, or reads its disk' };
  const { status: state } = node.status();
  if (!node.link.connected) return { ready: false, state, reason: 'it has no connection to NATS' };
  if (state === 'serving' || state === 'readOnly') return { ready: true, state };
  return { ready: false, state, reason: `it does not serve: ${state}` };
}
