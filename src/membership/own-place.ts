/** What a node is told at its start of its place, beside the place it has. */
import type { Place } from '../../actors/rules/configuration.js';

type Told = Omit<Place, 'id'>;

const parts = ['name', 'host', 'zone', 'weight'] as const;

/**
 * undefined: they are the same. What differs is a proposal, which an operator takes up or not:
 * nothing moves by it.
 */
export function placeProblem(told: Told, own: Told): string | undefined {
  const other = parts.filter((part) => told[part] !== own[part]);
  if (other.length === 0) return undefined;
  const wishes = other.map((part) => `--${part} ${quoted(`${own.name}=${told[part]}`)}`);
  return `this node was started as ${named(told)}, and the configuration of its cluster has it as ${named(own)}: that stays until an operator changes it (quorate ring plan ${wishes.join(' ')}, and apply)`;
}

function named({ name, host, zone, weight }: Told): string {
  return `'${name}' on host '${host}' in zone '${zone}' with weight ${weight}`;
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w.:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
