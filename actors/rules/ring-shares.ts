/**
 * The fair share of each node: of the first `depth` places of all partitions, how many should be
 * its own.
 *
 * In proportion to weight, as far as "distinct hosts, distinct zones" lets: of `depth` places a
 * zone takes at most one per partition while there are `depth` zones, and exactly one or more once
 * every zone is in the list; the same for hosts. So a heavy node in a cluster of few hosts can't
 * get more than every partition once.
 */
export interface Placed {
  readonly host: string;
  readonly zone: string;
  readonly weight: number;
}

interface Share {
  readonly weight: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Fractions of partitions, in the order of `nodes`; they add up to `depth` × partitions (at most
 * one place a node and partition).
 */
export function sharesOf(
  nodes: readonly Placed[],
  bounds: { readonly depth: number; readonly partitions: number },
): number[] {
  const { partitions } = bounds;
  const depth = Math.min(bounds.depth, nodes.length);
  const zones = grouped(nodes, [...nodes.keys()], (node) => node.zone);
  const hosts = new Set(nodes.map((node) => node.host)).size;
  const shares: number[] = Array.from({ length: nodes.length }, () => 0);

  const hostsOf = zones.map((members) => grouped(nodes, members, (node) => node.host));
  const hostShare = (members: readonly number[]): Share => ({
    weight: weightOf(nodes, members),
    least: depth >= hosts ? partitions : 0,
    most: depth <= hosts ? partitions : partitions * members.length,
  });
  const zoneShare = (hostShares: readonly Share[]): Share => {
    const least = sum(hostShares.map((share) => share.least));
    const most = sum(hostShares.map((share) => share.most));
    return {
      weight: sum(hostShares.map((share) => share.weight)),
      least: depth >= zones.length ? Math.max(least, partitions) : least,
      most: depth <= zones.length ? Math.min(most, partitions) : most,
    };
  };

  const hostShares = hostsOf.map((ofZone) => ofZone.map(hostShare));
  const ofZones = divide(depth * partitions, hostShares.map(zoneShare));
  hostsOf.forEach((ofZone, z) => {
    const ofHosts = divide(ofZones[z]!, hostShares[z]!);
    ofZone.forEach((members, h) => {
      const each = members.map((i) => ({ weight: nodes[i]!.weight, least: 0, most: partitions }));
      divide(ofHosts[h]!, each).forEach((share, i) => (shares[members[i]!] = share));
    });
  });
  return shares;
}

/**
 * Splits `total` in proportion to weight within everyone's bounds: the level at which the clamped
 * parts add up to it.
 */
function divide(total: number, parts: readonly Share[]): number[] {
  const at = (level: number): number[] =>
    parts.map(({ weight, least, most }) => Math.min(Math.max(level * weight, least), most));
  let low = 0;
  let high = total / Math.min(...parts.map((part) => part.weight));
  for (let i = 0; i < 64; i++) {
    const level = (low + high) / 2;
    if (sum(at(level)) < total) low = level;
    else high = level;
  }
  return at(high);
}

function grouped(
  nodes: readonly Placed[],
  members: readonly number[],
  nameOf: (node: Placed) => string,
): number[][] {
  const groups = new Map<string, number[]>();
  for (const i of members) {
    const name = nameOf(nodes[i]!);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [i]);
    else group.push(i);
  }
  return [...groups.values()];
}

function weightOf(nodes: readonly Placed[], members: readonly number[]): number {
  return sum(members.map((i) => nodes[i]!.weight));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
