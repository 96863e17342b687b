/** States and values of a chart as short text. */
import type { PlainValue, StateValue } from '../../../wire.js';

/** `probed.asked`; regions beside each other: `meeting.withAll.staying, doing.singly`. */
export function stateWords(value: StateValue | null): string {
  return value === null ? 'not known' : leavesOf(value, '').join(', ');
}

function leavesOf(value: StateValue, path: string): string[] {
  if (typeof value === 'string') return [`${path}${value}`];
  const regions = Object.entries(value);
  if (regions.length === 0) return [path.slice(0, -1)];
  return regions.flatMap(([key, below]) => leavesOf(below ?? {}, `${path}${key}.`));
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
