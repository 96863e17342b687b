/** States and values of a chart as short text. */
import type { PlainValue, StateValue } from '../../../wire.js';

/** `probed.asked`; of regions beside each other: `amongOthers (beating.resting, telling.free)`. */
export function stateWords(value: StateValue | null): string {
  if (value === null) return 'not known';
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([name, below]) => withBelow(name, below))
    .join(', ');
}

function withBelow(name: string, below: StateValue | undefined): string {
  const regions = typeof below === 'object' ? Object.keys(below).length : 1;
  if (below === undefined || regions === 0) return name;
  return regions === 1 ? `${name}.${stateWords(below)}` : `${name} (${stateWords(below)})`;
}

/** XState's own names of timers say more than a reader wants to know. */
export function eventWords(event: string): string {
  const timer = /^xstate\.after\.([^.]+)\./.exec(event)?.[1];
  if (timer !== undefined) return /^\d+$/.test(timer) ? `after ${timer} ms` : `after ${timer}`;
  if (event === 'xstate.init') return 'began';
  return event.replace(/^xstate\.(done|error)\.(?:actor|state)\./, '$1: ');
}

/** A value on one line. */
export function valueWords(value: PlainValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? '';
}

/** `12:03:04.567` of a moment, in µs since 1970. */
export function momentWords(atUs: number): string {
  const moment = new Date(atUs / 1000);
  const ms = String(Math.floor(atUs / 1000) % 1000).padStart(3, '0');
  return `${moment.toLocaleTimeString(undefined, { hour12: false })}.${ms}`;
}
