/** What a recovery would cost, as text for who is to decide on it. */
import type { NodeId } from '../../../actors/rules/actor.js';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { LossForm, RecoveryForm } from '../../wire/recovery-form.js';

export function recoveryText(recovery: RecoveryForm): string {
  const { from, survivors, lost, losses, endsMove } = recovery;
  return [
    `The members of this cluster that are left, on configuration ${from}: ${namesOf(survivors, recovery)}`,
    lost.length === 0
      ? 'Nobody is lost; too many have disks that were put back from copies, and may not vote'
      : `Lost, nobody hears them:                            ${namesOf(lost, recovery)}`,
    ...losses.flatMap((loss) => lossLines(loss, recovery, losses.length > 1)),
    ...(endsMove ? ['The move that is under way is over at once: one of its sides is lost.'] : []),
  ].join('\n');
}

/** Why it is asked once more. */
export function priceText(recovery: RecoveryForm): string {
  const { number, lost } = recovery;
  const names = namesOf(lost, recovery);
  if (lost.length === 0)
    return `The survivors are to go on with configuration ${number}. That can't be taken back. What was changed of the cluster, and none of them knows, is undone.`;
  return `${names} ${lost.length === 1 ? 'is' : 'are'} to be gone for good, and the survivors to go on with configuration ${number}. That can't be taken back:
- If ${lost.length === 1 ? 'it runs' : 'any of them run'} somewhere, cut off from here, ${lost.length === 1 ? 'it has' : 'they have'} acknowledged writes that will not be in the cluster.
  Be sure that ${lost.length === 1 ? 'it does' : 'they do'} not, and that nobody recovers ${lost.length === 1 ? 'it' : 'them'} in the same way: two recovered parts can't be made one again.
- Started again, ${lost.length === 1 ? 'it ends' : 'they end'} as soon as ${lost.length === 1 ? 'it hears' : 'they hear'} of this. What ${lost.length === 1 ? 'it' : 'they'} alone held stays in ${lost.length === 1 ? 'its data directory' : 'their data directories'}, and nowhere else.
- What was changed of the cluster, and no survivor knows, is undone.`;
}

export function namesOf(
  ids: readonly NodeId[],
  { names }: Pick<RecoveryForm, 'names'>,
): string {
  const sorted = ids
    .map((id) => names[id] ?? id)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return sorted.join(' ');
}

function lossLines(
  { n, w, gone, omitted, exposed }: LossForm,
  { partitions }: RecoveryForm,
  isOneOfSeveral: boolean,
): string[] {
  const of = isOneOfSeveral ? `, of buckets with N=${n}, W=${w}` : '';
  const all = gone.length + omitted;
  const lines = [
    all === 0
      ? `No partition is without any replica${of}`
      : `${all} of ${partitions} partitions have no replica left, and all that is in them is lost${of}: ${listed(gone, omitted)}`,
  ];
  if (exposed > 0)
    lines.push(
      `${exposed} partitions have lost W=${w} of their replicas or more: writes that were acknowledged by those alone are lost${of}`,
    );
  if (all === 0 && exposed === 0)
    lines.push(`Every write that was acknowledged by W=${w} is left${of}`);
  return lines;
}

/** 1-3, 7 */
function listed(partitions: readonly number[], omitted: number): string {
  const runs: { first: number; last: number }[] = [];
  for (const partition of partitions) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === partition - 1) run.last = partition;
    else runs.push({ first: partition, last: partition });
  }
  const shown = runs.slice(0, commandLimits.partitionRunsMax);
  const text = shown.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  return text.join(', ') + (shown.length < runs.length || omitted > 0 ? ' …' : '');
}
