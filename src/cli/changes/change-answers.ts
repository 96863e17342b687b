/**
 * What a node answers about changes of the cluster (`src/wire/change-form.ts`), read where it is to
 * be shown: all of it is checked, since it comes from another process.
 */
import { isNodeId, type NodeId } from '../../../actors/rules/actor.js';
import type { Place } from '../../../actors/rules/configuration.js';
import { limits } from '../../../actors/rules/limits.js';
import type { Amount, NodePreview, SharedPlace } from '../../../actors/rules/plan-preview.js';
import { MalformedError } from '../../errors.js';
import {
  changeQuestionOf,
  type PlanForm,
  type PreviewForm,
  type ReplicasForm,
  type SizesSeen,
  type WaitingForm,
} from '../../wire/change-form.js';
import { isLabelText } from '../../wire/text.js';

export interface PlanAnswer {
  readonly plan: PlanForm;
  readonly preview: PreviewForm;
}

/** Of the configuration that was chosen. */
export interface Chosen {
  readonly number: number;
}

/** Throws `MalformedError`. */
export function planAnswerFrom(document: unknown): PlanAnswer {
  const { plan, preview } = record(document, 'answer');
  return { plan: planFrom(plan), preview: previewFrom(preview) };
}

/** Throws `MalformedError`. */
export function chosenFrom(document: unknown): Chosen {
  return { number: natural(record(document, 'answer')['number'], 'number of a configuration') };
}

/** As a node reads it that is to apply it. Throws `MalformedError`. */
export function planFrom(document: unknown): PlanForm {
  const question = changeQuestionOf(Buffer.from(JSON.stringify({ ask: 'apply', plan: document })));
  if (question.ask !== 'apply') throw new MalformedError('not a plan');
  return question.plan;
}

function previewFrom(document: unknown): PreviewForm {
  const preview = record(document, 'preview');
  const { nodes, toMove, shared, atRisk, held, omitted, estimatedFrom, down, waiting } = preview;
  const { expectedMs } = preview;
  const left = record(omitted, 'omitted');
  return {
    nodes: array(nodes, 'nodes').map(nodeFrom),
    toMove: amountFrom(toMove),
    expectedMs: natural(expectedMs, 'expectedMs'),
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
    replicas: replicasFrom(preview['replicas']),
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

function replicasFrom(document: unknown): ReplicasForm {
  const { n, quorum, nodes } = record(document, 'replicas');
  return {
    n: natural(n, 'n'),
    quorum: natural(quorum, 'quorum'),
    nodes: natural(nodes, 'nodes'),
  };
}

export function namesFrom(document: unknown): Readonly<Record<NodeId, string>> {
  const entries = Object.entries(record(document, 'names'));
  return Object.fromEntries(entries.map(([id, name]) => [nodeId(id), label(name, 'name')]));
}

function waitingFrom(document: unknown): WaitingForm {
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

export function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MalformedError(`${what} is not an object`);
  return value as Readonly<Record<string, unknown>>;
}

export function array(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new MalformedError(`${what} is not an array`);
  return value as readonly unknown[];
}

export function nodeId(value: unknown): NodeId {
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

export function natural(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new MalformedError(`${what} is not a natural number`);
  return value;
}
