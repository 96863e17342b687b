/** What must be equal on all nodes of a cluster, boiled down so that gossip can carry it. */
import type { NodeId } from '../../actors/rules/actor.js';
import type { ClusterId } from '../../actors/rules/configuration.js';
import { type FoundingVote, noVote, sameIds } from '../../actors/rules/founding.js';
import { fnvBasis, hashText, mixed } from '../../actors/rules/hash.js';
import type { Buckets } from '../buckets/buckets.js';
import type { News, Settings } from '../wire/protocol/news.js';
import type { Problems } from './problems.js';

/**
 * R, W and TTL are the coordinator's choice per request and may differ; where replicas lie and what
 * a conflict is may not.
 */
export function settingsOf({
  partitions,
  buckets,
}: {
  readonly partitions: number;
  readonly buckets: Buckets;
}): Settings {
  const { n, conflict } = buckets.defaults;
  const names = [...buckets.own.keys()].sort();
  const rules = names.map((name) => {
    const own = buckets.of(name);
    return [name, own.n, own.conflict];
  });
  const bucketsHash = mixed(hashText(fnvBasis, JSON.stringify([n, conflict, rules])));
  return { partitions, bucketsHash };
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
  /** Of whose configurations this node knows one. */
  readonly known: ClusterId | undefined;
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
  if (news.settings.bucketsHash === settings.bucketsHash) problems.clear(`buckets ${id}`);
  else {
    const text = `node ${name} is configured with another N or conflict policy of some bucket than this node`;
    problems.report(`buckets ${id}`, text);
    // They would found a cluster that does not agree where its keys lie.
    const isFounded = known !== undefined || news.chain !== undefined;
    if (!isFounded && vote.founders.length === 0 && founders.length === 0) return false;
  }
  const isOther = known !== undefined && news.chain !== undefined && news.chain.cluster !== known;
  if (isOther || isOfAnother(vote, founders)) {
    const text = `node ${name} is of another cluster with the same subjects; give one of the two another prefix`;
    problems.report(`cluster ${id}`, text);
    return false;
  }
  return true;
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
