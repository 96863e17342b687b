/**
 * What an operator and a node say to each other about changes of the cluster, on
 * `_kv.<node that is asked>.change`: JSON both ways, nodes by their ids.
 *
 *   {ask: 'plan', add, leave, remove, replace, places}   {plan, preview}
 *   {ask: 'apply', plan}                                 {number}
 *   {ask: 'cancel'}                                      {number}
 *
 * Whatever is refused is answered with {error, outcome}.
 */
import { isNodeId, type NodeId } from '../../../actors/rules/actor.js';
import type { Place } from '../../../actors/rules/configuration.js';
import { limits } from '../../../actors/rules/limits.js';
import type { Amount, NodePreview, Preview, SharedPlace } from '../../../actors/rules/plan-preview.js';
import { MalformedError } from '../../errors.js';
import { isLabelText } from '../../wire/text.js';

/** What is wished of the cluster; no node is in two lists. */
export interface Wishes {
  readonly add: readonly NodeId[];
  readonly leave: readonly NodeId[];
  readonly remove: readonly NodeId[];
  readonly replace: readonly Replacement[];
  readonly places: readonly PlaceWish[];
}

/** The one is gone for good, the other comes in its stead. */
export interface Replacement {
  readonly old: NodeId;
  readonly by: NodeId;
}

/** What is not said stays. */
export interface PlaceWish {
  readonly id: NodeId;
  readonly weight?: number;
  readonly host?: string;
  readonly zone?: string;
}

/** `number`: of the configuration that it was made on; on another one it is not applied. */
export interface Plan {
  readonly number: number;
  readonly wishes: Wishes;
}

export interface PlanAnswer {
  readonly plan: Plan;
  readonly preview: ShownPreview;
}

/** Of the longest lists the first entries alone. */
export interface ShownPreview extends Preview {
  /** How many entries are left out. */
  readonly omitted: Readonly<Record<'shared' | 'atRisk' | 'held', number>>;
  readonly estimatedFrom: SizesSeen;
  readonly names: Readonly<Record<NodeId, string>>;
  /** Members that nobody hears now. */
  readonly down: readonly NodeId[];
  /** Are no members, and how they were started. */
  readonly waiting: readonly Waiting[];
}

export interface Waiting {
  readonly place: Place;
  readonly join: 'auto' | 'ask';
  /** By name or id; '': nobody. */
  readonly replaces: string;
}

/** What the node that planned knows of sizes: bytes are estimated from it. */
export interface SizesSeen {
  readonly partitionsHeld: number;
  readonly keysHeld: number;
  readonly keysSampled: number;
  readonly bytesPerKey: number;
}

/** Of the configuration that was chosen. */
export interface ChangeAnswer {
  readonly number: number;
}

/** Throws `MalformedError`. */
export function planAnswerFrom(document: unknown): PlanAnswer {
  const { plan, preview } = record(document, 'answer');
  return { plan: planFrom(plan), preview: previewFrom(preview) };
}

/** Throws `MalformedError`. */
export function changeAnswerFrom(document: unknown): ChangeAnswer {
  return { number: natural(record(document, 'answer')['number'], 'number of a configuration') };
}

/**
 * The plan itself, with whatever else a node put into it: it goes back as it came. Throws
 * `MalformedError`.
 */
export function planFrom(document: unknown): Plan {
  const plan = record(document, 'plan');
  natural(plan['number'], 'number of a configuration');
  const wishes = record(plan['wishes'], 'wishes');
  for (const list of ['add', 'leave', 'remove']) array(wishes[list], list).forEach(nodeId);
  for (const entry of array(wishes['replace'], 'replace')) {
    const { old, by } = record(entry, 'replacement');
    nodeId(old);
    nodeId(by);
  }
  array(wishes['places'], 'places').forEach(checkPlaceWish);
  return document as Plan;
}

function checkPlaceWish(document: unknown): void {
  const { id, weight, host, zone } = record(document, 'place');
  nodeId(id);
  if (weight !== undefined) weightFrom(weight);
  for (const [name, value] of Object.entries({ host, zone }))
    if (value !== undefined) label(value, name);
}

function previewFrom(document: unknown): ShownPreview {
  const preview = record(document, 'preview');
  const { nodes, toMove, shared, atRisk, held, omitted, estimatedFrom, down, waiting } = preview;
  const left = record(omitted, 'omitted');
  return {
    nodes: array(nodes, 'nodes').map(nodeFrom),
    toMove: amountFrom(toMove),
    shared: array(shared, 'shared').map(sharedFrom),
    atRisk: array(atRisk, 'atRisk').map((entry) => {
      const { partition, down, up } = record(entry, 'partition at risk');
      return {
        partition: natural(partition, 'partition'),
        down: array(down, 'down').map(nodeId),
        up: natural(up, 'up'),
      };
    }),
    held: array(held, 'held').map((partition) => natural(partition, 'partition')),
    omitted: {
      shared: natural(left['shared'], 'omitted'),
      atRisk: natural(left['atRisk'], 'omitted'),
      held: natural(left['held'], 'omitted'),
    },
    estimatedFrom: sizesFrom(estimatedFrom),
    names: namesFrom(preview['names']),
    down: array(down, 'down').map(nodeId),
    waiting: array(waiting, 'waiting').map(waitingFrom),
  };
}

function nodeFrom(document: unknown): NodePreview {
  const { place, before, after, toMove } = record(document, 'node');
  return {
    place: placeFrom(place),
    before: amountFrom(before),
    after: amountFrom(after),
    toMove: amountFrom(toMove),
  };
}

function sharedFrom(document: unknown): SharedPlace {
  const { what, name, nodes, partitions } = record(document, 'shared place');
  if (what !== 'host' && what !== 'zone') throw new MalformedError('shared place of no kind');
  return {
    what,
    name: label(name, what),
    nodes: array(nodes, 'nodes').map(nodeId),
    partitions: natural(partitions, 'partitions'),
  };
}

function sizesFrom(document: unknown): SizesSeen {
  const { partitionsHeld, keysHeld, keysSampled, bytesPerKey } = record(document, 'sizes');
  return {
    partitionsHeld: natural(partitionsHeld, 'partitionsHeld'),
    keysHeld: natural(keysHeld, 'keysHeld'),
    keysSampled: natural(keysSampled, 'keysSampled'),
    bytesPerKey: quantity(bytesPerKey, 'bytesPerKey'),
  };
}

function namesFrom(document: unknown): Readonly<Record<NodeId, string>> {
  const entries = Object.entries(record(document, 'names'));
  return Object.fromEntries(entries.map(([id, name]) => [nodeId(id), label(name, 'name')]));
}

function waitingFrom(document: unknown): Waiting {
  const { place, join, replaces } = record(document, 'waiting node');
  if (join !== 'auto' && join !== 'ask') throw new MalformedError('waiting node that joins nohow');
  return { place: placeFrom(place), join, replaces: label(replaces, 'replaces') };
}

function placeFrom(document: unknown): Place {
  const { id, name, host, zone, weight } = record(document, 'place');
  return {
    id: nodeId(id),
    name: label(name, 'name'),
    host: label(host, 'host'),
    zone: label(zone, 'zone'),
    weight: weightFrom(weight),
  };
}

function amountFrom(document: unknown): Amount {
  const { partitions, bytes } = record(document, 'amount');
  return { partitions: natural(partitions, 'partitions'), bytes: quantity(bytes, 'bytes') };
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedError(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

function array(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedError(`${what} is not an array`);
  return value as readonly unknown[];
}

function nodeId(value: unknown): NodeId {
  if (typeof value !== 'string' || !isNodeId(value))
    throw new MalformedError('node id is not 16 hex digits');
  return value;
}

/** It is printed. */
function label(value: unknown, what: string): string {
  if (typeof value !== 'string' || !isLabelText(value))
    throw new MalformedError(`${what} is too long or has control characters`);
  return value;
}

function weightFrom(value: unknown): number {
  const weight = quantity(value, 'weight');
  if (weight > limits.weightMax) throw new MalformedError('weight is too high');
  return weight;
}

function quantity(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new MalformedError(`${what} is not a quantity`);
  return value;
}

function natural(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new MalformedError(`${what} is not a natural number`);
  return value;
}
