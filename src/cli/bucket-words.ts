/** What `--bucket` says of one bucket, as text → its properties. */
import { InvalidArgumentError } from 'commander';
import {
  conflictPolicies,
  eventsChoices,
  resolveChoices,
  type BucketOptions,
} from '../../actors/rules/bucket.js';
import { durability, durationMs, quorumSize } from './parsers.js';

export type BucketTable = Readonly<Record<string, Partial<BucketOptions>>>;

/** `name n=3 r=2 w=2 conflict=last-writer-wins ttl=60s`, added to those before it. */
export function bucketSpec(text: string, before: BucketTable): BucketTable {
  const [name = '', ...settings] = text.trim().split(/\s+/);
  if (!/^[^=.\s*>]+$/.test(name)) {
    throw new InvalidArgumentError(`It must start with a bucket's name: '${text}'.`);
  }
  const options: Partial<BucketOptions> = Object.assign({}, ...settings.map(bucketSetting));
  return { ...before, [name]: options };
}

const words: Readonly<Record<string, (value: string) => Partial<BucketOptions>>> = {
  n: (value) => ({ n: quorumSize(value) }),
  r: (value) => ({ r: quorumSize(value) }),
  w: (value) => ({ w: quorumSize(value) }),
  conflict: (value) => ({ conflict: oneOf('conflict', conflictPolicies)(value) }),
  ttl: (value) => ({ ttlMs: durationMs(value) }),
  durability: (value) => ({ durability: durability(value) }),
  events: (value) => ({ events: oneOf('events', eventsChoices)(value) }),
  'value-max': (value) => ({ valueBytesMax: byteCount(value) }),
  resolve: (value) => ({ resolve: oneOf('resolve', resolveChoices)(value) }),
};

function bucketSetting(setting: string): Partial<BucketOptions> {
  const [key = '', value = ''] = setting.split('=', 2);
  const word = Object.hasOwn(words, key) ? words[key] : undefined;
  if (word === undefined)
    throw new InvalidArgumentError(
      `Unknown setting '${setting}': ${Object.keys(words).join(', ')}.`,
    );
  return word(value);
}

export function oneOf<T extends string>(name: string, choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((it) => it === text);
    if (choice !== undefined) return choice;
    throw new InvalidArgumentError(`${name} must be ${choices.join(' or ')}.`);
  };
}

const unitBytes: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `512`, `64kB`, `1.5MiB`, `5GiB` → bytes. */
export function byteCount(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kMG]B|[KMG]iB|B)?$/.exec(text);
  const bytes = Math.round(Number(match?.[1]) * (unitBytes[match?.[2] ?? ''] ?? 1));
  if (match !== null && bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgumentError('It must be a size such as 4096, 64kB, 8MiB or 5GiB.');
}
