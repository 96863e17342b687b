/** Which node may stand next in a preference list: replicas go to distinct hosts, and zones. */
import type { Placed } from './ring-shares.js';

/** Node → its host and zone, as numbers. */
export interface Places {
  readonly host: readonly number[];
  readonly zone: readonly number[];
}

export function placesOf(nodes: readonly Pick<Placed, 'host' | 'zone'>[]): Places {
  return {
    host: numbered(nodes.map((node) => node.host)),
    zone: numbered(nodes.map((node) => node.zone)),
  };
}

function numbered(names: readonly string[]): number[] {
  const numbers = new Map([...new Set(names)].map((name, i) => [name, i]));
  return names.map((name) => numbers.get(name)!);
}

/**
 * Who may stand next in a list: nodes in a zone not yet named; failing that on a host not yet
 * named; failing that any other.
 */
export function candidates(
  list: readonly number[],
  clockwise: readonly number[],
  { host, zone }: Places,
): readonly number[] {
  const hosts = new Set(list.map((node) => host[node]!));
  const zones = new Set(list.map((node) => zone[node]!));
  const elsewhere = clockwise.filter((node) => !hosts.has(host[node]!));
  const afar = elsewhere.filter((node) => !zones.has(zone[node]!));
  if (afar.length > 0) return afar;
  return elsewhere.length > 0 ? elsewhere : clockwise.filter((node) => !list.includes(node));
}

/** The first of `candidates`, which costs less to find. */
export function nextOf(
  list: readonly number[],
  order: readonly number[],
  { host, zone }: Places,
): number {
  let elsewhere: number | undefined;
  let other: number | undefined;
  for (const node of order) {
    if (list.includes(node)) continue;
    other ??= node;
    if (list.some((named) => host[named] === host[node])) continue;
    elsewhere ??= node;
    if (!list.some((named) => zone[named] === zone[node])) return node;
  }
  return (elsewhere ?? other)!;
}

/** Appends all nodes that are not in the list yet, in the same order of precedence. */
export function complete(
  list: number[],
  clockwise: readonly number[],
  { host, zone }: Places,
): void {
  const named = new Set(list);
  const hosts = new Set(list.map((node) => host[node]!));
  const zones = new Set(list.map((node) => zone[node]!));
  const tests = [
    (node: number): boolean => !zones.has(zone[node]!) && !hosts.has(host[node]!),
    (node: number): boolean => !hosts.has(host[node]!),
    (): boolean => true,
  ];
  for (const fits of tests) {
    for (const node of clockwise) {
      if (named.has(node) || !fits(node)) continue;
      list.push(node);
      named.add(node);
      hosts.add(host[node]!);
      zones.add(zone[node]!);
    }
  }
}
