/** What a plan comes to, as text for who is to decide on it. */
import type { NodeId } from '../../../actors/rules/actor.js';
import type { PlaceChange } from '../../../actors/rules/plan.js';
import type { NodePreview } from '../../../actors/rules/plan-preview.js';
import type { PlanForm, PreviewForm, WishesForm } from '../../wire/change-form.js';
import { byName } from '../cluster-status.js';
import { table } from '../output.js';
import { durationText } from '../ring-text.js';
import type { PlanAnswer } from './change-answers.js';

export function planText({ plan, preview }: PlanAnswer): string {
  const nameOf = (id: NodeId): string => preview.names[id] ?? id;
  return [
    `on configuration ${plan.number}: ${wishesText(plan.wishes, nameOf)}`,
    nodesTable(preview.nodes),
    ...toMoveLines(preview),
    ...replicasLines(preview),
    ...sharedLines(preview, nameOf),
    ...riskLines(preview, nameOf),
    ...heldLines(preview),
    ...waitingLines(plan, preview),
  ].join('\n');
}

type NameOf = (id: NodeId) => string;

function wishesText(wishes: WishesForm, nameOf: NameOf): string {
  const { add, leave, remove, replace, places, ring } = wishes;
  const coming = comingIn(wishes);
  const parts = [
    ...add.map((id) => `${nameOf(id)} comes`),
    ...leave.map((id) => `${nameOf(id)} leaves`),
    ...remove.map((id) => `${nameOf(id)} is gone for good`),
    ...replace.map(({ old, by }) => replacementText(nameOf, old, by)),
    // Where those stand that come is in the table.
    ...places
      .filter(({ id }) => !coming.has(id))
      .map((place) => `${nameOf(place.id)} gets ${placeText(place)}`),
    ...(ring === undefined ? [] : [`the ring becomes that of version ${ring}`]),
  ];
  return parts.join(', ');
}

function comingIn({ add, replace }: WishesForm): ReadonlySet<NodeId> {
  return new Set([...add, ...replace.map(({ by }) => by)]);
}

/** Who lost its disk may come back under its name. */
function replacementText(nameOf: NameOf, old: NodeId, by: NodeId): string {
  const [before, after] = [nameOf(old), nameOf(by)];
  if (before === after) return `${after} (${by}) comes in the stead of ${before} (${old})`;
  return `${after} comes in the stead of ${before}`;
}

function placeText({ name, weight, host, zone }: PlaceChange): string {
  const said = Object.entries({ name, weight, host, zone }).filter(
    ([, value]) => value !== undefined,
  );
  return said.map(([what, value]) => `${what} ${value === '' ? 'none' : value}`).join(', ');
}

function nodesTable(nodes: readonly NodePreview[]): string {
  const rows = nodes
    .toSorted((a, b) => byName(a.place, b.place))
    .map(({ place, before, after, toMove }) => [
      place.name,
      place.host,
      place.zone,
      String(place.weight),
      fromTo(String(before.partitions), String(after.partitions)),
      fromTo(bytesText(before.bytes), bytesText(after.bytes)),
      toMove.partitions === 0 ? '-' : `${toMove.partitions}, ${bytesText(toMove.bytes)}`,
      place.id,
    ]);
  const header = ['NAME', 'HOST', 'ZONE', 'WEIGHT', 'PARTITIONS', 'DATA', 'TO MOVE THERE', 'ID'];
  return table(header, rows);
}

function fromTo(before: string, after: string): string {
  return before === after ? before : `${before} -> ${after}`;
}

function toMoveLines({ toMove, expectedMs, estimatedFrom }: PreviewForm): string[] {
  const { partitions, bytes } = toMove;
  if (partitions === 0) return ['nothing has to move'];
  const { partitionsHeld, keysHeld, keysSampled, bytesPerKey } = estimatedFrom;
  const basis =
    keysSampled === 0
      ? 'of sizes the node that planned knows nothing'
      : `sizes are estimated: the node that planned holds ${count(keysHeld, 'key')} in ${count(partitionsHeld, 'partition')}, of about ${bytesText(bytesPerKey)} each by ${keysSampled} of them`;
  return [
    `to move: ${count(partitions, 'replica')} of partitions, about ${bytesText(bytes)}`,
    `expected: about ${durationText(expectedMs / 1_000)} where nodes have little else to do, several times that under full load; quorate ring --watch shows how it goes`,
    basis,
  ];
}

/** Where there are too few nodes for all of them. */
function replicasLines({ replicas: { n, quorum, nodes } }: PreviewForm): string[] {
  if (nodes >= n) return [];
  const kept = `each key keeps ${nodes} of ${count(n, 'replica')} (N), since ${nodes === 1 ? '1 node is' : `${nodes} nodes are`} left`;
  if (nodes > quorum) return [kept];
  const refused =
    nodes < quorum
      ? `requests that need ${quorum} nodes (R, W) are refused until others come`
      : `while one of them is down, requests that need ${quorum} nodes (R, W) are refused`;
  return [`${kept}; ${refused}`];
}

function sharedLines({ shared, omitted }: PreviewForm, nameOf: NameOf): string[] {
  if (shared.length === 0) return ['no two replicas of a partition would share a host or a zone'];
  const lines = shared.map(({ what, name, nodes, partitions }) => {
    const together = listed(nodes.map(nameOf));
    return `would share ${what} ${name === '' ? '(none)' : name}: ${together}, in ${count(partitions, 'partition')}`;
  });
  return omitted.shared === 0 ? lines : [...lines, `… and ${omitted.shared} more like that`];
}

function riskLines({ atRisk, omitted, down }: PreviewForm, nameOf: NameOf): string[] {
  const lines = down.length === 0 ? [] : [`down now: ${listed(down.map(nameOf))}`];
  if (atRisk.length === 0) return [...lines, 'at risk now: no partition, all owners are up'];
  const counts = new Map<string, number>();
  for (const { down: missing, up } of atRisk) {
    const left = up === 0 ? 'no replica is up' : `${count(up, 'replica')} up`;
    const text = `${listed(missing.map(nameOf))} down, ${left}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const more = omitted.atRisk === 0 ? [] : [`… and ${count(omitted.atRisk, 'partition')} more`];
  const grouped = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([text, partitions]) => `at risk now: ${count(partitions, 'partition')} with ${text}`);
  return [...lines, ...grouped, ...more];
}

function heldLines({ held, omitted }: PreviewForm): string[] {
  const partitions = held.length + omitted.held;
  if (partitions === 0) return [];
  return [
    `${count(partitions, 'partition')} can't move before more of the owners are up: too few are there to know every acknowledged write`,
  ];
}

/** Who is in the plan is in its first line. */
function waitingLines({ wishes }: PlanForm, { waiting }: PreviewForm): string[] {
  const coming = comingIn(wishes);
  return waiting
    .filter(({ place }) => !coming.has(place.id))
    .map(({ place, replaces }) => {
      const { id, name, host, zone, weight } = place;
      const where = zone === '' ? `host ${host}` : `host ${host}, zone ${zone}`;
      const stead = replaces === '' ? '' : `, in the stead of ${replaces}`;
      return `waits, and is not in this plan: ${name} (${id}), ${where}, weight ${weight}${stead}`;
    });
}

function listed(names: readonly string[]): string {
  const sorted = names.map((name) => ({ name })).sort(byName);
  return sorted.map(({ name }) => name).join(', ');
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** With two digits, or all of a number below a thousand. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // What would be rounded to a thousand is one of the next.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
