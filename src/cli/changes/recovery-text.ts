/** What a recovery would cost, as text for who is to decide on it. */
import type { NodeId } from '../../../actors/rules/actor.js';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { LossForm, RecoveryForm } from '../../wire/recovery-form.js';

export function recoveryText(recovery: RecoveryForm): string {
  const { from, survivors, lost, losses, isBegun, endsMove } = recovery;
  return [
    ...(isBegun ? [begunText] : []),
    `The members of this cluster that are left, on configuration ${from}: ${namesOf(survivors, recovery)}`,
    lost.length === 0
      ? 'Nobody is lost; too many have disks that were put back from copies, and may not vote'
      : `${isBegun ? 'Lost' : 'Lost, nobody hears them'}: ${namesOf(lost, recovery)}`,
    ...losses.flatMap((loss) => lossLines(loss, recovery, losses.length > 1)),
    ...(endsMove ? ['The move that is under way is over at once: one of its sides is lost.'] : []),
  ].join('\n');
}

const begunText =
  'An earlier recovery was begun and may have come about, with a node that is not there now: no other can in its stead. Start that node first if it can be; what is shown here follows from it.';

/** Why it is asked once more. */
export function priceText(recovery: RecoveryForm): string {
  const { number, lost } = recovery;
  const undone = '- What was changed of the cluster, and no survivor knows, is undone.';
  if (lost.length === 0)
    return `The survivors are to go on with configuration ${number}. That can't be taken back:\n${undone}`;
  return `${namesOf(lost, recovery)}: gone for good, and the survivors go on with configuration ${number}. That can't be taken back:
- What runs of them somewhere, cut off from here, has acknowledged writes that will not be in the cluster.
  Be sure that none does, and that nobody recovers them in the same way: two recovered parts can't be made one again.
- Who of them is started again ends as soon as it hears of this. What they alone held stays in their data
  directories, and nowhere else.
${undone}`;
}

export function namesOf(ids: readonly NodeId[], { names }: Pick<RecoveryForm, 'names'>): string {
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
