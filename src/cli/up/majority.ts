/** What becomes of a cluster on disk whose members are missing, most of them. */
import { majorityOf } from '../../../actors/rules/removal.js';

/** Whether those are left who can change anything of the cluster. */
export function isMajorityThere(members: readonly string[], missing: readonly string[]): boolean {
  return members.length - missing.length >= majorityOf(members);
}

/** `list`: of names, with commas; `nodes`: as many as there are to be. */
export function recoverText(list: string, nodes: number): string {
  return `Gone for good, they leave no majority of the members, and without one nobody is taken in or replaced: while up runs without them, quorate recover --lost ${list} shows what would be lost, and has the others go on. After that, --nodes ${nodes} has new ones come.`;
}
