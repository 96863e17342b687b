/**
 * What an operator wishes, by the names people have for nodes, and the same by ids. Who lost its
 * disk and came back is another node with the same name: which of them is meant mostly follows from
 * what is wished of it.
 */
import type { NodeId } from '../../../actors/rules/actor.js';
import type { RingVersion } from '../../../actors/rules/configuration.js';
import type { PlaceChange } from '../../../actors/rules/plan.js';
import { UnavailableError } from '../../errors.js';
import type { WishesForm } from '../../wire/change-form.js';
import type { RingMessage, RingNode } from '../../wire/ring-message.js';
import { idOf } from '../cluster-status.js';
import { CommandError, exitCodes } from '../exit-codes.js';

/** A node and what is said of it: `n1=2`. */
export type Said<Value> = readonly [node: string, value: Value];

/** Nodes by name or id. */
export interface NamedWishes {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly leave?: readonly string[];
  /** The old one, and by whom. */
  readonly replace?: readonly Said<string>[];
  readonly name?: readonly Said<string>[];
  readonly weight?: readonly Said<number>[];
  readonly host?: readonly Said<string>[];
  readonly zone?: readonly Said<string>[];
  readonly ring?: RingVersion;
}

/** What is wished of a node. */
export type Part = 'comes' | 'stays' | 'leaves' | 'is gone';

/**
 * Throws `CommandError` where nothing is wished, or of nobody, of several, or of one that was
 * removed.
 */
export function wishesOf(named: NamedWishes, ring: RingMessage | undefined): WishesForm {
  const { add = [], remove = [], leave = [], replace = [], ring: version } = named;
  if (ring === undefined) throw new UnavailableError('no node answers');
  const wishes: WishesForm = {
    add: add.map((name) => idAs('comes', name, ring)),
    leave: leave.map((name) => idAs('leaves', name, ring)),
    remove: remove.map((name) => idAs('is gone', name, ring)),
    replace: replace.map(([old, by]) => {
      return { old: idAs('is gone', old, ring), by: idAs('comes', by, ring) };
    }),
    places: placesOf(named, (name) => idAs(add.includes(name) ? 'comes' : 'stays', name, ring)),
    ...(version !== undefined && { ring: version }),
  };
  if (version === undefined && Object.values(wishes).every((list) => list.length === 0))
    throw new CommandError(
      exitCodes.usage,
      'nothing is wished: say --add, --remove, --leave, --replace, --name, --weight, --host, --zone or --ring',
    );
  return wishes;
}

/** One of several things said of a node joins the others. */
function placesOf(
  { name: names = [], weight = [], host = [], zone = [] }: NamedWishes,
  idOfNode: (name: string) => NodeId,
): PlaceChange[] {
  const places = new Map<NodeId, PlaceChange>();
  const say = (name: string, said: Partial<PlaceChange>): void => {
    const id = idOfNode(name);
    const before = places.get(id);
    for (const key of Object.keys(said))
      if (before !== undefined && key in before)
        throw new CommandError(exitCodes.usage, `the ${key} of ${name} is said twice`);
    places.set(id, { id, ...before, ...said });
  };
  for (const [name, value] of names) say(name, { name: value });
  for (const [name, value] of weight) say(name, { weight: value });
  for (const [name, value] of host) say(name, { host: value });
  for (const [name, value] of zone) say(name, { zone: value });
  return [...places.values()];
}

/** Which nodes may be meant: the first of these that any is. */
const fits: Readonly<Record<Part, readonly ((node: RingNode) => boolean)[]>> = {
  comes: [
    ({ waits, reachability }) => waits !== undefined && reachability !== 'down',
    ({ removed, reachability }) => removed !== true && reachability !== 'down',
  ],
  stays: [isStaying, isMember],
  leaves: [isStaying, isMember],
  'is gone': [(node) => isMember(node) && node.reachability === 'down', isMember],
};

function isMember({ removed, waits }: RingNode): boolean {
  return removed !== true && waits === undefined;
}

function isStaying(node: RingNode): boolean {
  return isMember(node) && node.leaving !== true;
}

/** Throws `CommandError` as `wishesOf` does. */
export function idAs(part: Part, name: string, ring: RingMessage): NodeId {
  const isNamed = (node: RingNode): boolean => node.name === name || node.id === name;
  const named = ring.nodes.filter(isNamed);
  const isMeant = fits[part].find((may) => named.some(may));
  const nodes = named.length > 1 && isMeant !== undefined ? named.filter(isMeant) : ring.nodes;
  const id = idOf(name, { ...ring, nodes });
  if (ring.nodes.find((node) => node.id === id)?.removed === true) throw wasRemoved(part, name);
  return id;
}

function wasRemoved(part: Part, name: string): CommandError {
  const advice =
    part === 'comes'
      ? 'start it with an empty data directory, as a new node'
      : 'the cluster goes on without it by itself; to have another one in its stead, add that';
  return new CommandError(exitCodes.usage, `${name} was removed for good: ${advice}`);
}
