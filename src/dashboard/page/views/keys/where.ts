/** Where a key lives, and why: its partition, who owns that, who stands in. */
import type { ClusterPicture, KeyPicture, Reach, RingPicture } from '../../../wire.js';
import { listed } from '../../parts/listed.js';

export interface Place {
  readonly node: string;
  readonly name: string;
  readonly host: string;
  readonly zone: string;
  /** `primary 1`, `fallback 2`, `incoming`. */
  readonly role: string;
  readonly reach: Reach;
  /** Hints that others owe it, of whatever key. */
  readonly owed: number;
}

export function placesOf(key: KeyPicture, picture: ClusterPicture | undefined): readonly Place[] {
  const place = (node: string, role: string): Place => {
    const known = picture?.nodes.find(({ id }) => id === node);
    const { name = node, host = '', zone = '', reach = 'down' } = known ?? {};
    return { node, name, host, zone, role, reach, owed: hintsFor(picture, node) };
  };
  const { primaries, incoming, fallbacks } = key;
  const coming = incoming.filter((node) => !primaries.includes(node));
  return [
    ...primaries.map((node, i) => place(node, `primary ${i + 1}`)),
    ...coming.map((node) => place(node, 'incoming')),
    ...fallbacks
      .filter((node) => !coming.includes(node))
      .map((node, i) => place(node, `fallback ${i + 1}`)),
  ];
}

function hintsFor(picture: ClusterPicture | undefined, target: string): number {
  if (picture === undefined) return 0;
  return picture.nodes.reduce((sum, { view }) => sum + (view?.hints[target] ?? 0), 0);
}

/** Each a step of the way from the key to its nodes. */
export function reasonsOf(
  key: KeyPicture,
  places: readonly Place[],
  ring: RingPicture | null | undefined,
): readonly string[] {
  const partitions = ring == null ? '' : ` of ${ring.groupOf.length}`;
  const primaries = ofRole(places, 'primary');
  const fallbacks = ofRole(places, 'fallback');
  return [
    `The hash of bucket and key falls into partition ${key.partition}${partitions}.`,
    `The ring has an order of nodes for each partition, different hosts first. The first ${primaries.length} of it are its primaries: ${listed(names(primaries))}.`,
    ...moveText(key, places),
    ...standInText(primaries, fallbacks),
  ];
}

function moveText(key: KeyPicture, places: readonly Place[]): string[] {
  const incoming = ofRole(places, 'incoming');
  if (incoming.length === 0 && key.incoming.length === 0) return [];
  const owners = places.filter(({ node }) => key.incoming.includes(node));
  const hasMoved = key.readers.every((node) => key.incoming.includes(node));
  const reads = hasMoved ? 'it has moved: gets read these' : 'gets read the owners before it yet';
  return [`The partition moves to ${listed(names(owners))}. Puts go to both sides; ${reads}.`];
}

function standInText(primaries: readonly Place[], fallbacks: readonly Place[]): string[] {
  const away = primaries.filter(({ reach }) => reach === 'down');
  const standIns = fallbacks.filter(({ reach }) => reach === 'alive');
  if (away.length === 0) {
    return fallbacks.length === 0
      ? ['All members are primaries: while one is away, who coordinates owes it the hint.']
      : [`While one of them is away, a put goes to ${names(fallbacks)[0]} in its stead.`];
  }
  const isAre = away.length === 1 ? 'is' : 'are';
  const missing = `${listed(names(away))} ${isAre} down`;
  const taken = names(standIns).slice(0, away.length);
  if (taken.length === 0)
    return [`${missing}, and no fallback is left: who coordinates owes the hint.`];
  const verb = taken.length === 1 ? 'takes its puts and owes' : 'take their puts and owe';
  return [`${missing}: ${listed(taken)} ${verb} a hint for each.`];
}

function ofRole(places: readonly Place[], role: string): Place[] {
  return places.filter((place) => place.role.startsWith(role));
}

function names(places: readonly Place[]): string[] {
  return places.map(({ name }) => name);
}
