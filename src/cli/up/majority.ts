/** What becomes of a cluster on disk whose members are missing, most of them. */
import { majorityOf } from '../../../actors/rules/voters.js';
import { numberOf } from './data-of-cluster.js';

/** Whether those are left who can change anything of the cluster. */
export function isMajorityThere(members: readonly string[], missing: readonly string[]): boolean {
  return members.length - missing.length >= majorityOf(members);
}

/** What is left when these members are gone for good, and how new ones come then. */
export function recoverText(missing: readonly string[], members: readonly string[]): string {
  const left = members.filter((name) => !missing.includes(name));
  // With a lower number than the highest that is left, that one would leave.
  const nodes = Math.max(members.length, ...left.map(numberOf));
  return `Gone for good, they leave no majority of the members, and without one nobody is taken in or replaced: while up runs without them, quorate recover --lost ${missing.join(',')} shows what would be lost, and has the others go on. After that, --nodes ${nodes} has new ones come.`;
}
