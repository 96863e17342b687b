/** What a node is told at its start of its place, beside the place it has. */
import type { Place } from '../../actors/rules/configuration.js';

type Told = Omit<Place, 'id'>;

/** undefined: they are the same. What differs is a proposal, which an operator takes up or not. */
export function placeProblem(told: Told, { name, host, zone, weight }: Told): string | undefined {
  const isSame =
    told.name === name && told.host === host && told.zone === zone && told.weight === weight;
  if (isSame) return undefined;
  return `this node was started as ${named(told)}, and the configuration of its cluster has it as ${named({ name, host, zone, weight })}: that stays until the cluster is told to change it`;
}

function named({ name, host, zone, weight }: Told): string {
  return `'${name}' on host '${host}' in zone '${zone}' with weight ${weight}`;
}
