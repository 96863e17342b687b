/** What every part of the replay is given: the film, and the moment. */
import type { NodeLabel } from '../../../wire.js';
import type { NameOf } from '../../parts/names.js';
import type { Film } from './film.js';

export interface Shown {
  readonly film: Film;
  readonly nodes: readonly NodeLabel[];
  /** Who is no node. */
  readonly clients: readonly string[];
  readonly nameOf: NameOf;
  readonly atUs: number;
}

/** Since the film began, as the simulator prints it. */
export function secondsText(film: Film, atUs: number): string {
  const isVirtual = film.fromUs < 1e12;
  return `${((isVirtual ? atUs : atUs - film.fromUs) / 1e6).toFixed(6)} s`;
}
