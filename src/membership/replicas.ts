/**
 * N of the data a directory holds, kept beside them: where replicas lie follows from it. Started
 * with another N a node would look for keys where they are not, and say that they are absent.
 */
import type { Buckets } from '../buckets/buckets.js';
import { MalformedError } from '../errors.js';
import { isInt, isList, isText } from '../wire/columns.js';
import { decode, encode } from '../wire/message-pack.js';

export interface Replicas {
  /** Of buckets without an N of their own. */
  readonly n: number;
  readonly buckets: ReadonlyMap<string, number>;
}

/** Whether this node holds any key of the bucket; of any bucket where none is named. */
export type Holds = (bucket?: string) => boolean;

/** By what is gone by now: as the node was told, or as the configuration has it. */
export function keptReplicas({ book }: Pick<Buckets, 'book'>): Replicas {
  const buckets = new Map(book.rows.map(({ name, options }) => [name, options.n] as const));
  return { n: book.defaults.n, buckets };
}

/** Why what was kept with one N can't be served with the other; undefined when it can. */
export function replicasConflict(kept: Replicas, told: Replicas, holds: Holds): string | undefined {
  for (const name of new Set([...kept.buckets.keys(), ...told.buckets.keys()])) {
    const was = kept.buckets.get(name) ?? kept.n;
    const is = told.buckets.get(name) ?? told.n;
    if (was !== is && holds(name))
      return refusal(`the keys of bucket '${name}' were stored`, `--bucket '${name} n=${was}'`, {
        was,
        is,
      });
  }
  if (kept.n !== told.n && holds())
    return refusal('the data of this node were stored', `--n ${kept.n}`, {
      was: kept.n,
      is: told.n,
    });
  return undefined;
}

function refusal(what: string, option: string, { was, is }: { was: number; is: number }): string {
  return `${what} with N=${was}, and the node is told N=${is}: it would miss what lies elsewhere. start all nodes with ${option} as before, and change N where they run: quorate bucket set`;
}

export function encodeReplicas({ n, buckets }: Replicas): Buffer {
  return encode([n, [...buckets].map(([name, own]) => [name, own])]);
}

/** Throws `MalformedError`. */
export function decodeReplicas(bytes: Buffer): Replicas {
  const row = decode(bytes);
  const [n, list] = isList(row) ? row : [];
  if (!isInt(n) || !isList(list)) throw new MalformedError('not the N of a cluster');
  const buckets = new Map<string, number>();
  for (const entry of list) {
    const [name, own] = isList(entry) ? entry : [];
    if (!isText(name) || !isInt(own)) throw new MalformedError('not the N of a bucket');
    buckets.set(name, own);
  }
  return { n, buckets };
}
