/** Configurations and states of histories that tests make up. */
import type { Configuration, Place } from '../../../actors/rules/configuration.js';
import type { SeenState } from './message-reader.js';

/** `n1` has the id of sixteen ones. */
export function idOf(name: string): string {
  return name.slice(1).repeat(16).slice(0, 16);
}

export function place(name: string, weight = 1): Place {
  return { id: idOf(name), name, host: `host-${name}`, zone: '', weight };
}

export function placesOf(names: string): Place[] {
  return names.split(' ').map((name) => place(name));
}

/** The first one of a cluster of these. */
export function founded(names: string, partitions = 2): Configuration {
  return {
    cluster: 7,
    number: 1,
    layout: 1,
    partitions,
    ring: 1,
    members: placesOf(names),
    move: undefined,
    leaving: [],
    removed: [],
    recoveries: [],
  };
}

export function begun(from: Configuration, names: string, removed = ''): Configuration {
  const number = from.number + 1;
  const ids = removed.split(' ').filter((name) => name !== '');
  const move = { members: placesOf(names), ring: from.ring, moved: [] };
  return { ...from, number, layout: number, move, removed: ids.map(idOf) };
}

export function moved(from: Configuration, partitions: readonly number[]): Configuration {
  return { ...from, number: from.number + 1, move: { ...from.move!, moved: partitions } };
}

export function finished(from: Configuration): Configuration {
  const number = from.number + 1;
  const { members, ring } = from.move!;
  const stay = new Set(members.map(({ id }) => id));
  const left = from.members
    .map(({ id }) => id)
    .filter((id) => !stay.has(id) && !from.removed.includes(id));
  return {
    ...from,
    number,
    layout: number,
    members,
    ring,
    move: undefined,
    leaving: [...from.leaving, ...left].sort(),
    removed: [],
  };
}

export function cancelled(from: Configuration): Configuration {
  const { move, members, ring, partitions } = from;
  const there = new Set(move!.moved);
  const back = Array.from({ length: partitions }, (_, i) => i).filter((p) => !there.has(p));
  return {
    ...from,
    number: from.number + 1,
    members: move!.members,
    ring: move!.ring,
    move: { members, ring, moved: back },
  };
}

/** Of one value each, `<actor>:<counter>`; `*` before it: replaced. */
export function stateOf(...dots: readonly string[]): SeenState {
  const context = new Map<string, number>();
  for (const dot of dots) {
    const [actor = '', counter = ''] = dot.replace('*', '').split(':');
    context.set(actor, Math.max(context.get(actor) ?? 0, Number(counter)));
  }
  const siblings = dots
    .filter((dot) => !dot.startsWith('*'))
    .map((dot) => ({
      dot,
      value: Buffer.from(dot),
      writtenAtMs: 0,
      expiresAtMs: 0,
      operation: '',
      remembered: false,
    }));
  return { context, siblings, bytes: 0 };
}
