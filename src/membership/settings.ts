/** What must be equal on all nodes of a cluster, boiled down so that gossip can carry it. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { BucketOptions } from '../../actors/rules/bucket.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import { hasParted } from '../../actors/rules/era.js';
import { type FoundingVote, noVote, sameIds } from '../../actors/rules/founding.js';
import { fnvBasis, hashText, mixed } from '../../actors/rules/hash.js';
import type { Buckets } from '../buckets/buckets.js';
import type { News, Settings } from '../wire/protocol/news.js';
import type { Problems } from './problems.js';

/**
 * Where replicas lie and what a conflict is has to be the same. So have R and W, though a request
 * may ask for others: by them those who come to own data know how many of the owners before they
 * have to ask, and how many of these must have heard that all has moved. TTL may differ.
 */
export function settingsOf({
  partitions,
  buckets,
}: {
  readonly partitions: number;
  readonly buckets: Buckets;
}): Settings {
  const bucketsHash = hashOf(buckets, ({ n, conflict }) => [n, conflict]);
  const quorumsHash = hashOf(buckets, ({ r, w }) => [r, w]);
  return { partitions, bucketsHash, quorumsHash };
}

function hashOf(
  { book }: Pick<Buckets, 'book'>,
  of: (bucket: BucketOptions) => readonly (string | number)[],
): number {
  const rules = book.rows.map(({ name, options }) => [name].concat(of(options).map(String)));
  return mixed(hashText(fnvBasis, JSON.stringify([...of(book.defaults), rules])));
}

/**
 * Whether what the sender says can be mixed with what this node knows; what stands against it is
 * reported.
 */
export function isCompatible(told: {
  readonly sender: { readonly id: NodeId; readonly name: string };
  readonly news: News;
  readonly settings: Settings;
  readonly vote: FoundingVote;
  readonly known: Configuration | undefined;
  readonly problems: Problems;
}): boolean {
  const { sender, news, settings, vote, known, problems } = told;
  const { id, name } = sender;
  const { partitions } = news.settings;
  const { founders } = news.vote ?? noVote;
  if (partitions !== settings.partitions) {
    const text = `node ${name} has ${partitions} partitions, this node ${settings.partitions}: they can't be of one cluster`;
    problems.report(`partitions ${id}`, text);
    return false;
  }
  problems.clear(`partitions ${id}`);
  // What nodes were told counts until the configuration says what buckets promise.
  const isBooked = known?.buckets !== undefined;
  if (isBooked || news.settings.bucketsHash === settings.bucketsHash)
    problems.clear(`buckets ${id}`);
  else {
    const text = `node ${name} is configured with another N or conflict policy of some bucket than this node`;
    problems.report(`buckets ${id}`, text);
    // They would found a cluster that does not agree where its keys lie.
    const isFounded = known !== undefined || news.chain !== undefined;
    if (!isFounded && vote.founders.length === 0 && founders.length === 0) return false;
  }
  // Said once, where the buckets are other ones altogether.
  const isSame = isBooked || news.settings.quorumsHash === settings.quorumsHash;
  if (isSame || news.settings.bucketsHash !== settings.bucketsHash) problems.clear(`quorums ${id}`);
  else {
    const text = `node ${name} is configured with another R or W of some bucket than this node: what moves may come to its new owners incomplete`;
    problems.report(`quorums ${id}`, text);
  }
  const isOther = known && news.chain && news.chain.cluster !== known.cluster;
  if (isOther === true || isOfAnother(vote, founders)) {
    const text = `node ${name} is of another cluster with the same subjects, and operators' commands reach either: was this node, or that one, started with the data directory of another cluster (--data-dir)? Stop it, and start it with the right one, or an empty one. Where two clusters are meant, give one of them another prefix (--prefix)`;
    problems.report(otherCluster(id), text);
    return false;
  }
  if (known !== undefined && news.chain !== undefined && hasParted(known, news.chain)) {
    problems.report(`recovery ${id}`, forkText([name]));
    return false;
  }
  return true;
}

/** What it is about that a node is of another cluster. */
export function otherCluster(id: NodeId): string {
  return `cluster ${id}`;
}

/** `names`: of those who are of the other part. */
export function forkText(names: readonly string[]): string {
  return `this cluster was recovered twice, in two parts that did not hear each other (quorate recover): ${names.join(', ')} went on in the other part. The two can't be made one again, and take nothing from each other. Choose the part that is to go on; stop the nodes of the other, put their data directories aside, start them with empty ones, and put again what they alone held`;
}

/**
 * Whether the founders of the sender's cluster say that it can't be the one this node is of, or
 * will be of.
 */
function isOfAnother({ founders, stored }: FoundingVote, told: readonly NodeId[]): boolean {
  if (told.length === 0) return false;
  if (founders.length > 0) return !sameIds(told, founders);
  return stored.length > 0 && !told.some((id) => stored.includes(id));
}
