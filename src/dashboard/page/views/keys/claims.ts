/** Dots and contexts as nodes tell them, and who covers what. */
import type { PlainValue } from '../../../wire.js';

/** All writes of the actor up to the counter. */
export interface Claim {
  readonly actor: string;
  readonly counter: number;
}

/** Undefined: it is none. */
export function dotOf(text: string): Claim | undefined {
  try {
    return claimOf(JSON.parse(text) as PlainValue);
  } catch {
    return undefined;
  }
}

/** What is no claim is left out: it is shown, and nothing is decided by it. */
export function claimsOf(context: PlainValue): readonly Claim[] {
  if (!Array.isArray(context)) return [];
  return context.flatMap((entry: PlainValue) => claimOf(entry) ?? []);
}

function claimOf(value: PlainValue): Claim | undefined {
  if (typeof value !== 'object' || value === null || !('counter' in value)) return undefined;
  const { node, epoch, counter } = value;
  if (typeof node !== 'string' || typeof epoch !== 'number' || typeof counter !== 'number')
    return undefined;
  return { actor: `${node}.${epoch}`, counter };
}

export function counterOf(claims: readonly Claim[], actor: string): number {
  return claims.find((claim) => claim.actor === actor)?.counter ?? 0;
}

export function covers(claims: readonly Claim[], dot: Claim | undefined): boolean {
  return dot !== undefined && counterOf(claims, dot.actor) >= dot.counter;
}

/** Id of the node and its epoch. */
export function actorParts(actor: string): { readonly node: string; readonly epoch: string } {
  const [node = actor, epoch = ''] = actor.split('.');
  return { node, epoch };
}
