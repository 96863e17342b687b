/** Dots and contexts as nodes tell them, and who covers what. */
import type { PlainValue } from '../../../wire.js';

/** All writes of the actor up to the counter. */
export interface Claim {
  readonly actor: string;
  readonly counter: number;
}

/** `actor:counter`; undefined: it is none. */
export function dotOf(text: string): Claim | undefined {
  const colon = text.lastIndexOf(':');
  const counter = Number(text.slice(colon + 1));
  if (colon < 1 || !Number.isSafeInteger(counter)) return undefined;
  return { actor: text.slice(0, colon), counter };
}

/** What is no claim is left out: it is shown, and nothing is decided by it. */
export function claimsOf(context: PlainValue): readonly Claim[] {
  if (!Array.isArray(context)) return [];
  return context.flatMap((entry: PlainValue) => {
    const claim = typeof entry === 'string' ? dotOf(entry) : undefined;
    return claim === undefined ? [] : [claim];
  });
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
