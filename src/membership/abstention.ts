/**
 * What an operator is told of a voter whose disk is an old one (`voting.ts`): until it votes again
 * fewer others can be spared than it seems.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { majorityOf, votersOf } from '../../actors/rules/voters.js';
import type { Chain } from './chain.js';
import type { Voting } from './voting.js';

/** undefined: it abstains from nothing that it is asked for. */
export function abstentionText(
  self: NodeId,
  { chain, voting }: { readonly chain: Chain; readonly voting: Voting },
): string | undefined {
  const voters = chain.known === undefined ? [] : votersOf(chain.known);
  if (!voting.abstains || !voters.includes(self)) return undefined;
  const spared = voters.length - 1 - majorityOf(voters);
  const costs =
    spared < 0
      ? 'and without it the cluster can change nothing: quorate recover lets it vote again'
      : `and until then the cluster can spare ${spared} of the ${voters.length - 1} others that vote instead of ${spared + 1}`;
  return `the disk of this node was put back from a copy, so it can't vote on the next change of the cluster, only on those after it; ${costs}`;
}
