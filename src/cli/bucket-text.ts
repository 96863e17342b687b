/** What buckets promise, as text. */
import type { BucketForm, BucketList } from '../wire/bucket-form.js';
import { sizeText } from './byte-bar.js';
import { printable, table } from './output.js';

const header = ['BUCKET', 'N', 'R', 'W', 'CONFLICT', 'TTL', 'DURABILITY', 'EVENTS', 'LARGEST', ''];

export function bucketListText({ buckets, defaults, unknown }: BucketList): string {
  const others = unknown === 'declared' ? '(not served)' : '(all others)';
  const rows = [...buckets.map((form) => rowOf(form, form.name!)), rowOf(defaults, others)];
  return table(header, rows);
}

function rowOf(form: BucketForm, name: string): string[] {
  const { n, r, w, conflict, ttlMs, durability, events, valueBytesMax, becomes } = form;
  const moves = becomes === undefined ? '' : `moving to n=${becomes.n}`;
  return [
    printable(name),
    String(n),
    String(r),
    String(w),
    conflict,
    timeText(ttlMs),
    durability,
    events,
    sizeText(valueBytesMax),
    form.closing === true ? 'being removed' : moves,
  ];
}

export function bucketText(form: BucketForm): string {
  const { n, r, w, conflict, ttlMs, becomes, durability, events, resolve } = form;
  const move =
    becomes === undefined ? '' : `, moving to n=${becomes.n} r=${becomes.r} w=${becomes.w}`;
  const name = form.name === undefined ? 'all others' : printable(form.name);
  return `${name}: n=${n} r=${r} w=${w}${move} · ${conflict} · ttl ${timeText(ttlMs)} · durability ${durability} · events ${events} · values up to ${sizeText(form.valueBytesMax)} · resolved by the ${resolve}`;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** In the largest unit of which it is a whole number. */
function timeText(ms: number): string {
  if (ms === 0) return 'never';
  const [unit, size] = units.find(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}
