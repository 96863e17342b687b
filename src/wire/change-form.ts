/**
 * What an operator asks a node of the cluster's membership, and what it answers: JSON both ways,
 * with ids of nodes.
 *
 *   {"ask":"plan","add":[id],"leave":[id],"remove":[id],"replace":[{"old":id,"by":id}],
 *    "places":[{"id":id,"name"?,"host"?,"zone"?,"weight"?}],
 *    "ring":version}                                              → {"plan":…,"preview":…}
 *   {"ask":"apply","plan":…}                                      → {"number":…}
 *   {"ask":"cancel"}                                              → {"number":…}
 *   {"ask":"recovery"}                                            → {"recovery":…}
 *   {"ask":"recover","from":number,"lost":[id]}                  → {"number":…}
 *
 * All but `ask` may be left out, and the lists of who is asked. Who is refused:
 * {"error":…,"outcome":"none"|"unknown"}. A plan says the number of the configuration it was made
 * on, and the whole place of each node that comes: so what is applied is what was shown. So is a
 * recovery (`recovery-form.ts`).
 */
import { isNodeId, type NodeId } from '../../actors/rules/actor.js';
import type { Place, RingVersion } from '../../actors/rules/configuration.js';
import { limits } from '../../actors/rules/limits.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { JoinWish } from '../../actors/rules/membership.js';
import type { PlaceChange } from '../../actors/rules/plan.js';
import type { Preview } from '../../actors/rules/plan-preview.js';
import { MalformedError, type Outcome } from '../errors.js';
import type { RecoveryForm } from './recovery-form.js';
import { isLabelText } from './text.js';

export interface ReplacementForm {
  readonly old: NodeId;
  readonly by: NodeId;
}

export interface WishesForm {
  readonly add: readonly NodeId[];
  readonly leave: readonly NodeId[];
  readonly remove: readonly NodeId[];
  readonly replace: readonly ReplacementForm[];
  /** Of members, and of nodes that come; what is not said stays as it is. */
  readonly places: readonly PlaceChange[];
  /** Which ring is computed of the places; not there: as before. */
  readonly ring?: RingVersion;
}

export interface PlanForm {
  /** Of the configuration it was made on. */
  readonly number: number;
  readonly wishes: WishesForm;
}

export type ChangeQuestion =
  | { readonly ask: 'plan'; readonly wishes: WishesForm }
  | { readonly ask: 'apply'; readonly plan: PlanForm }
  | { readonly ask: 'cancel' }
  | { readonly ask: 'recovery' }
  | { readonly ask: 'recover'; readonly from: number; readonly lost: readonly NodeId[] };

export type ChangeAnswer =
  | { readonly plan: PlanForm; readonly preview: PreviewForm }
  | { readonly number: number }
  | { readonly recovery: RecoveryForm }
  | { readonly error: string; readonly outcome: Outcome };

/** Of the longest lists the first entries alone. */
export interface PreviewForm extends Preview {
  /** How many entries are left out. */
  readonly omitted: Readonly<Record<'shared' | 'atRisk' | 'held', number>>;
  /** Where the bytes come from: nothing counts them. */
  readonly estimatedFrom: SizesSeen;
  readonly replicas: ReplicasForm;
  /** Of all nodes that are named. */
  readonly names: Readonly<Record<NodeId, string>>;
  /** Members that nobody hears now. */
  readonly down: readonly NodeId[];
  /** Nodes that are here and no members, and what they were told at their start. */
  readonly waiting: readonly WaitingForm[];
}

/** Of each key, once the move is over. */
export interface ReplicasForm {
  /** The largest N of any bucket. */
  readonly n: number;
  /** The largest R or W of any bucket. */
  readonly quorum: number;
  /** How many nodes there are for them. */
  readonly nodes: number;
}

export interface WaitingForm extends JoinWish {
  readonly place: Place;
}

/**
 * What the node that planned holds, and how large its keys are, by those it looked at; a partition
 * that it does not hold is taken to have as many keys as those it does.
 */
export interface SizesSeen {
  readonly partitionsHeld: number;
  readonly keysHeld: number;
  readonly keysSampled: number;
  readonly bytesPerKey: number;
}

/** Throws `MalformedError`, which says what is wrong and what would be right. */
export function changeQuestionOf(bytes: Uint8Array): ChangeQuestion {
  if (bytes.length > chainLimits.changeBytesMax)
    throw new MalformedError(
      `a question about a change has at most ${chainLimits.changeBytesMax} bytes`,
    );
  const question = objectOf(parsed(bytes), 'the question');
  switch (question['ask']) {
    case 'plan':
      onlyFields(question, ['ask', ...wishFields], 'the question');
      return { ask: 'plan', wishes: wishesOf(question) };
    case 'apply':
      onlyFields(question, ['ask', 'plan'], 'the question');
      return { ask: 'apply', plan: planOf(question['plan']) };
    case 'cancel':
    case 'recovery':
      onlyFields(question, ['ask'], 'the question');
      return { ask: question['ask'] };
    case 'recover':
      onlyFields(question, ['ask', 'from', 'lost'], 'the question');
      return { ask: 'recover', ...recoverOf(question) };
    default:
      throw new MalformedError(
        `ask: plan, apply, cancel, recovery or recover, not ${shown(question['ask'])}`,
      );
  }
}

type Fields = Readonly<Record<string, unknown>>;

const wishFields = ['add', 'leave', 'remove', 'replace', 'places', 'ring'];

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new MalformedError('not JSON: ask with an object such as {"ask":"plan","add":[…]}');
  }
}

function planOf(value: unknown): PlanForm {
  const plan = objectOf(value, 'plan');
  onlyFields(plan, ['number', 'wishes'], 'plan');
  const { number } = plan;
  if (!isNumber(number))
    throw new MalformedError(
      `plan.number: the number of a configuration, not ${shown(number)}: apply the plan as it was answered`,
    );
  const wishes = objectOf(plan['wishes'], 'plan.wishes');
  onlyFields(wishes, wishFields, 'plan.wishes');
  return { number, wishes: wishesOf(wishes) };
}

function recoverOf({ from, lost }: Fields): { readonly from: number; readonly lost: NodeId[] } {
  if (!isNumber(from))
    throw new MalformedError(
      `from: the number of a configuration, not ${shown(from)}: say it as it was answered`,
    );
  return { from, lost: listOf(lost, 'lost').map((id, i) => idOf(id, `lost[${i}]`)) };
}

/** Of a configuration. */
function isNumber(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 1 &&
    value <= limits.configurationNumberMax
  );
}

function wishesOf(fields: Fields): WishesForm {
  const ids = (name: string): NodeId[] =>
    listOf(fields[name], name).map((id, i) => idOf(id, `${name}[${i}]`));
  return {
    add: ids('add'),
    leave: ids('leave'),
    remove: ids('remove'),
    replace: listOf(fields['replace'], 'replace').map((value, i) =>
      replacementOf(value, `replace[${i}]`),
    ),
    places: placesOf(listOf(fields['places'], 'places')),
    ...(fields['ring'] !== undefined && { ring: ringOf(fields['ring']) }),
  };
}

function ringOf(value: unknown): RingVersion {
  if (value === 1 || value === 2) return value;
  throw new MalformedError(`ring: version 1 or 2, not ${shown(value)}`);
}

function replacementOf(value: unknown, where: string): ReplacementForm {
  const fields = objectOf(value, where);
  onlyFields(fields, ['old', 'by'], where);
  return { old: idOf(fields['old'], `${where}.old`), by: idOf(fields['by'], `${where}.by`) };
}

function placesOf(values: readonly unknown[]): PlaceChange[] {
  const places = values.map((value, i) => placeOf(value, `places[${i}]`));
  const twice = places.findIndex(({ id }, i) => places.findIndex((place) => place.id === id) < i);
  if (twice >= 0)
    throw new MalformedError(`places[${twice}].id: it is named twice: say all of it at once`);
  return places;
}

function placeOf(value: unknown, where: string): PlaceChange {
  const fields = objectOf(value, where);
  onlyFields(fields, ['id', 'name', 'host', 'zone', 'weight'], where);
  const { name, host, zone, weight } = fields;
  if (name === '') throw new MalformedError(`${where}.name: a node needs one`);
  return {
    id: idOf(fields['id'], `${where}.id`),
    ...(name !== undefined && { name: labelOf(name, `${where}.name`) }),
    ...(host !== undefined && { host: labelOf(host, `${where}.host`) }),
    ...(zone !== undefined && { zone: labelOf(zone, `${where}.zone`) }),
    ...(weight !== undefined && { weight: weightOf(weight, `${where}.weight`) }),
  };
}

function labelOf(value: unknown, where: string): string {
  if (typeof value === 'string' && isLabelText(value)) return value;
  throw new MalformedError(
    `${where}: up to ${limits.labelBytesMax} bytes without control characters, not ${shown(value)}`,
  );
}

function weightOf(value: unknown, where: string): number {
  if (typeof value === 'number' && value > 0 && value <= limits.weightMax) return value;
  throw new MalformedError(
    `${where}: above 0, up to ${limits.weightMax}, not ${shown(value)}: a node that is to hold nothing leaves`,
  );
}

function idOf(value: unknown, where: string): NodeId {
  if (typeof value === 'string' && isNodeId(value)) return value;
  throw new MalformedError(`${where}: the id of a node, 16 hex digits, not ${shown(value)}`);
}

/** Not there: empty. */
function listOf(value: unknown, where: string): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new MalformedError(`${where}: a list, not ${shown(value)}`);
  if (value.length > limits.membersMax)
    throw new MalformedError(
      `${where}: at most ${limits.membersMax} entries, as many as a cluster has members, not ${value.length}`,
    );
  return value;
}

function objectOf(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new MalformedError(`${where}: an object, not ${shown(value)}`);
}

function onlyFields(fields: Fields, known: readonly string[], where: string): void {
  const other = Object.keys(fields).find((name) => !known.includes(name));
  if (other === undefined) return;
  throw new MalformedError(
    `${where} has a field ${shown(other)} that nobody knows: ${known.join(', ')}`,
  );
}

/** As much of it as helps. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= limits.labelBytesMax ? text : `${text.slice(0, limits.labelBytesMax)}…`;
}
