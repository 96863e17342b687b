/** What must be so in the end, of changes of the membership and of who owns what. */
import type { ChangeRecord, FinalRecord, ReplicaRecord, Violation, WriteName } from '../records.js';

/** A change ends, and so does whoever it lets go of. */
export function unsettledChanges(changes: readonly ChangeRecord[]): Violation[] {
  return changes
    .filter(({ outcome }) => outcome === 'unfinished')
    .map(({ words, asked, chosenMs, refusal }) => {
      const begun = chosenMs === undefined ? 'never begun' : 'begun, and never over';
      const last = refusal === undefined ? '' : `; last refused: ${refusal}`;
      return {
        rule: 'unsettled',
        key: '',
        what: `${words.join(' ')}: ${begun}, asked for ${asked} times${last}`,
      };
    });
}

/** Each of a key's owners holds what reads show, by itself, and nothing that was replaced. */
export function notReplicated(
  finals: readonly FinalRecord[],
  replicas: readonly ReplicaRecord[],
): Violation[] {
  const held = new Map<string, ReplicaRecord[]>();
  for (const replica of replicas)
    held.set(nameOf(replica), [...(held.get(nameOf(replica)) ?? []), replica]);
  return finals.flatMap((final) => {
    const own = held.get(nameOf(final)) ?? [];
    if (final.error !== undefined) return [];
    const wrong = own.filter(
      ({ error, shown }) => error !== undefined || !same(shown, final.shown),
    );
    const what = wrong.map(({ node, error, shown }) => `${node}: ${error ?? listOf(shown)}`);
    if (own.length === 0) what.push('nobody was asked');
    if (what.length === 0) return [];
    return [
      {
        rule: 'not-replicated',
        key: nameOf(final),
        what: `${what.join('; ')}; read: ${listOf(final.shown)}`,
      },
    ];
  });
}

/** Whether owners of one key differ, or one does not say. */
export function areAllAlike(replicas: readonly ReplicaRecord[]): boolean {
  const first = new Map<string, ReplicaRecord>();
  return replicas.every((replica) => {
    const name = nameOf(replica);
    const other = first.get(name) ?? replica;
    first.set(name, other);
    return replica.error === undefined && same(other.shown, replica.shown);
  });
}

function nameOf({ workload, key }: Pick<FinalRecord, 'workload' | 'key'>): string {
  return `${workload}/${key}`;
}

function same(some: readonly WriteName[], others: readonly WriteName[]): boolean {
  return some.length === others.length && some.every((name) => others.includes(name));
}

function listOf(shown: readonly WriteName[]): string {
  return shown.join(' ') || 'nothing';
}
