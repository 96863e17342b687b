/** What Prometheus' own linter and its rules of naming ask of a scrape, said again. */
import { createRequire } from 'node:module';

// Of no types.
const parse = createRequire(import.meta.url)('parse-prometheus-text-format') as (
  text: string,
) => ScrapedFamily[];

export interface ScrapedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly {
    readonly value?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly buckets?: Readonly<Record<string, string>>;
    readonly count?: string;
    readonly sum?: string;
  }[];
}

/** By a parser that has nothing to do with who wrote it. Throws where it is not of the format. */
export function parsed(text: string): ScrapedFamily[] {
  return parse(text);
}

const suffixesOfOthers = ['_count', '_sum', '_bucket'];
const otherUnits =
  /_(?:ms|millis|milliseconds|microseconds|us|nanoseconds|ns|minutes|hours|days|kb|kib|mb|mib|kilobytes|megabytes|percent|bits)(?:_|$)/;

/** What is wrong with it, in sentences; each with the name of a metric. */
export function faultsOf(text: string): string[] {
  const lines = text.split('\n');
  const faults = [...linesFaults(lines), ...orderFaults(lines)];
  try {
    for (const family of parsed(text)) faults.push(...namingFaults(family), ...valueFaults(family));
  } catch (error) {
    faults.push((error as Error).message);
  }
  if (!text.endsWith('\n')) faults.push('the last line has no end');
  return faults;
}

function linesFaults(lines: readonly string[]): string[] {
  const form =
    /^(?:|# (?:HELP|TYPE) .+|[a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (?:[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|Nan))$/;
  const odd = lines
    .filter((line) => !form.test(line))
    .map((line) => `${line}: no line of a scrape`);
  const series = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const seen = new Set<string>();
  for (const line of series) {
    const name = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(name)) odd.push(`${name} is there twice`);
    seen.add(name);
  }
  return odd;
}

/** HELP, TYPE, then the values of that metric alone; each metric once. */
function orderFaults(lines: readonly string[]): string[] {
  const faults: string[] = [];
  const begun = new Set<string>();
  let current = '';
  let type = '';
  for (const line of lines.filter((each) => each !== '')) {
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') {
      if (begun.has(name)) faults.push(`${name} has two helps`);
      if (rest.trim() === '') faults.push(`${name} has no help`);
      begun.add(name);
      [current, type] = [name, ''];
    } else if (word === 'TYPE') {
      if (name !== current || type !== '')
        faults.push(`${name}: its type does not follow its help`);
      type = rest;
    } else {
      const series = /^[\w:]+/.exec(line)?.[0] ?? '';
      const own = type === 'histogram' ? suffixesOfOthers.map((end) => current + end) : [current];
      if (type === '' || !own.includes(series))
        faults.push(`${series} has no help and type above it`);
    }
  }
  return faults;
}

function namingFaults({ name, type }: ScrapedFamily): string[] {
  const faults: string[] = [];
  const fault = (what: string): void => void faults.push(`${name} ${what}`);
  if (!/^(?:quorate|process)_[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(name)) fault('is no snake_case');
  if ((type === 'COUNTER') !== name.endsWith('_total')) fault('has, or lacks, _total');
  if (suffixesOfOthers.some((end) => name.endsWith(end))) fault('ends like part of a histogram');
  if (otherUnits.test(name)) fault('is in no base unit');
  if (/_(?:seconds|bytes)_(?!total$)/.test(name)) fault('has its unit in the middle');
  if (/_(?:counter|gauge|histogram|metric)(?:_|$)/.test(name)) fault('says of what type it is');
  if (!['COUNTER', 'GAUGE', 'HISTOGRAM'].includes(type)) fault(`is of type ${type}`);
  return faults;
}

function valueFaults({ name, type, metrics }: ScrapedFamily): string[] {
  if (metrics.length === 0) return [`${name} has no value`];
  const faults: string[] = [];
  for (const { value, buckets, count, sum } of metrics) {
    if (type !== 'HISTOGRAM') {
      if (!Number.isFinite(Number(value))) faults.push(`${name} is ${value}`);
      if (type === 'COUNTER' && Number(value) < 0) faults.push(`${name} is below 0`);
      continue;
    }
    const bounds = Object.entries(buckets ?? {}).map(([le, within]) => ({
      le: le === '+Inf' ? Infinity : Number(le),
      within: Number(within),
    }));
    const sorted = [...bounds].sort((a, b) => a.le - b.le);
    if (sorted.at(-1)?.le !== Infinity) faults.push(`${name} has no bucket up to +Inf`);
    if (sorted.at(-1)?.within !== Number(count))
      faults.push(`${name} counts others than its buckets`);
    if (sorted.some(({ within }, index) => within < (sorted[index - 1]?.within ?? 0)))
      faults.push(`${name} has buckets that hold less than those below`);
    if (!Number.isFinite(Number(sum))) faults.push(`${name} has no sum`);
  }
  return faults;
}
