/**
 * What a node costs at a partition, by which rings of version 2 choose: whole numbers, computed of
 * nothing but additions, products and quotients, which all machines round alike.
 *
 * By weighted rendezvous hashing each node draws an exponential variable a partition, and those
 * with the smallest hold it (Thaler, Ravishankar 1998; weights after Efraimidis, Spirakis 2006).
 * Logarithms of those variables are used, so that a node gets more or less by one number that is
 * added to all of its own. What a node draws over all partitions is one of each of as many equal
 * parts of the distribution, in an order that its id gives: so all nodes draw equally well.
 */
import type { NodeId } from './actor.js';
import { fnvBasis, hashText, mixed } from './hash.js';

/** What a whole number counts of a logarithm. */
const step = 2 ** -20;

/** Partition → the draw's logarithm, in steps. `draws`: of `drawsOf`. */
export function costsOf(id: NodeId, draws: readonly number[]): Int32Array {
  const seed = hashText(fnvBasis, id);
  const hashes = draws.map((_, partition) => mixed(hashText(seed, `/${partition}`)));
  const order = [...hashes.keys()].sort((a, b) => hashes[a]! - hashes[b]! || a - b);
  const costs = new Int32Array(draws.length);
  order.forEach((partition, rank) => (costs[partition] = draws[rank]!));
  return costs;
}

/** Logarithms of an exponential variable at the middle of each of so many equal parts. */
export function drawsOf(parts: number): number[] {
  return Array.from({ length: parts }, (_, i) => inSteps(ofRate(i + 0.5, parts)));
}

/**
 * What is taken off the costs of a node that is to be among the first in `share` of `partitions`:
 * the rate at which an exponential variable comes in time so often.
 */
export function discountOf(share: number, partitions: number): number {
  const least = 1 / 4;
  return inSteps(ofRate(Math.min(Math.max(share, least), partitions - least), partitions));
}

/** ln(-ln(1 - part / whole)) */
function ofRate(part: number, whole: number): number {
  return logarithm(logarithm(whole / (whole - part)));
}

function inSteps(value: number): number {
  return Math.round(value / step);
}

/** The natural one. `Math.log` may differ in its last bits from one machine to the next. */
function logarithm(value: number): number {
  let [mantissa, exponent] = [value, 0];
  for (; mantissa > 1.5; mantissa /= 2) exponent++;
  for (; mantissa < 0.75; mantissa *= 2) exponent--;
  // ln(m) = 2 artanh((m - 1) / (m + 1)), of which a quotient up to 0.2 needs few terms.
  const quotient = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let power = 23; power > 0; power -= 2) sum = sum * quotient * quotient + 1 / power;
  return exponent * Math.LN2 + 2 * quotient * sum;
}
