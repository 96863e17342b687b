/**
 * Asks all of some nodes the same question about the chain of configurations, and waits for as long
 * as one may take to answer.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { CallId, PeerAnswer, Peers } from '../bus/peers.js';
import type { Clock } from '../seams/clock.js';
import { chainBody, type ChainQuestion } from '../wire/protocol/chain.js';

/** The answers that came in time. */
export async function askEach(
  { peers, clock }: { readonly peers: Peers; readonly clock: Clock },
  nodes: readonly NodeId[],
  question: ChainQuestion,
): Promise<Map<NodeId, PeerAnswer>> {
  const answers = new Map<NodeId, PeerAnswer>();
  if (nodes.length === 0) return answers;
  const body = chainBody(question);
  let calls: CallId[] = [];
  await new Promise<void>((resolve) => {
    const deadline = clock.setTimeout(resolve, chainLimits.fetchMsMax);
    calls = nodes.map((node) =>
      peers.call(node, 'chain', body, (answer) => {
        answers.set(node, kept(answer));
        if (answers.size < nodes.length) return;
        clock.clearTimeout(deadline);
        resolve();
      }),
    );
  });
  for (const call of calls) peers.giveUp(call);
  return answers;
}

/** It outlives the message it came in. */
function kept(answer: PeerAnswer): PeerAnswer {
  if (answer.kind !== 'ok') return answer;
  const body = answer.body.map((part) => (part instanceof Uint8Array ? Buffer.from(part) : part));
  return { kind: 'ok', body };
}
