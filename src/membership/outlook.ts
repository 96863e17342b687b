/**
 * Who is left of a cluster that lost its majority, and what follows where they go on: asks all
 * members what they know, have agreed to and hear, and has those that are behind catch up.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { type Configuration, membersOf } from '../../actors/rules/configuration.js';
import { areForked } from '../../actors/rules/era.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import {
  lostOf,
  mayHaveBegun,
  recovered,
  recoveryObjection,
  takenUp,
} from '../../actors/rules/recovery.js';
import type { Peers } from '../bus/peers.js';
import { UnavailableError } from '../errors.js';
import type { Clock } from '../seams/clock.js';
import { decodeConfiguration } from '../wire/configuration-codec.js';
import { understood } from '../wire/protocol/bodies.js';
import { type Surveyed, surveyedOf } from '../wire/protocol/chain.js';
import type { Agreement } from './agreement.js';
import type { Chain } from './chain.js';
import type { ChainExchange } from './chain-exchange.js';
import { askEach } from './surveys.js';

export interface OutlooksOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly chain: Chain;
  readonly exchange: ChainExchange;
  readonly agreement: Agreement;
  readonly nameOf: (node: NodeId) => string;
}

/** What a recovery would come to now. */
export interface Outlook {
  /** The newest that any survivor knows. */
  readonly base: Configuration;
  readonly after: Configuration;
  /** The members of that, ascending. */
  readonly survivors: readonly NodeId[];
  /** Ascending. */
  readonly lost: readonly NodeId[];
  /** Members that answer; ascending. */
  readonly here: readonly NodeId[];
  /**
   * What an earlier try made, which may have come about: somebody who is not here may go by it. So
   * that is what follows, or is recovered from, whoever else is here.
   */
  readonly begun: Configuration | undefined;
}

interface Seen extends Pick<Surveyed, 'votes' | 'heard'> {
  readonly told: Configuration;
  readonly agreed: Configuration | undefined;
}

export class Outlooks {
  constructor(private readonly options: OutlooksOptions) {}

  /** Throws `UnavailableError` with what stands in the way. */
  async look(): Promise<Outlook> {
    for (let i = 0; i < chainLimits.surveysMax; i++) {
      const base = this.known;
      const seen = await this.survey(base);
      if (await this.evened(base, seen)) return this.outlook(base, seen);
    }
    throw new UnavailableError('the configuration changes while it is asked for: ask again');
  }

  private get known(): Configuration {
    const { known } = this.options.chain;
    if (known === undefined)
      throw new UnavailableError('this node knows of no cluster yet: ask a member');
    return known;
  }

  private async survey(base: Configuration): Promise<Map<NodeId, Seen>> {
    const { peers, agreement, nameOf } = this.options;
    const others = membersOf(base).filter((id) => id !== peers.self);
    const answers = await askEach(this.options, others, { kind: 'survey' });
    const seen = new Map<NodeId, Seen>([[peers.self, seenOf(agreement.word()!)]]);
    for (const [node, answer] of answers) {
      if (answer.kind === 'noResponders') continue;
      if (answer.kind === 'refused')
        throw new UnavailableError(`${nameOf(node)} says: ${answer.message}`);
      const said = understood(() => seenOf(surveyedOf(answer.body)));
      if (said === undefined)
        throw new UnavailableError(`${nameOf(node)} gave an answer that is none`);
      seen.set(node, said);
    }
    return seen;
  }

  /** Whether all know the same; if not, those that are behind are told. */
  private async evened(base: Configuration, seen: ReadonlyMap<NodeId, Seen>): Promise<boolean> {
    const { peers, chain, exchange, nameOf } = this.options;
    const forked = [...seen].find(([, { told }]) => areForked(base, told));
    if (forked !== undefined)
      throw new UnavailableError(`${nameOf(forked[0])} went on by another recovery than this node`);
    const latest = [...seen.values()]
      .map(({ told }) => told)
      .reduce((last, told) => (told.number > last.number ? told : last), this.known);
    if (latest.number > this.known.number)
      await new Promise<void>((resolve) => chain.learn(latest, resolve));
    const isBehind = ([id, { told }]: [NodeId, Seen]): boolean =>
      id !== peers.self && told.number < latest.number;
    const behind = [...seen].filter(isBehind);
    if (behind.length > 0) await exchange.spread(behind.map(([id]) => id));
    return latest === base && behind.length === 0;
  }

  private outlook(base: Configuration, seen: ReadonlyMap<NodeId, Seen>): Outlook {
    const begun = begunBy(new Map([...seen].map(([id, { agreed }]) => [id, agreed])));
    const here = [...seen.keys()].sort();
    const objection =
      (begun === undefined
        ? recoveryObjection(base, here, (node) => seen.get(node)?.votes === true)
        : undefined) ?? this.heard(lostOf(begun ?? base, here), seen);
    if (objection !== undefined) throw new UnavailableError(objection);
    const after = begun === undefined ? recovered(base, here) : takenUp(begun, here);
    if (typeof after === 'string') throw new UnavailableError(after);
    const survivors = membersOf(after);
    return { base, after, survivors, lost: lostOf(base, survivors), here, begun };
  }

  /** Asked first, so that nobody agrees to what another will not. */
  private heard(lost: readonly NodeId[], seen: ReadonlyMap<NodeId, Seen>): string | undefined {
    const { nameOf } = this.options;
    for (const [node, { heard }] of seen) {
      const alive = lost.find((id) => heard.includes(id));
      if (alive !== undefined)
        return `${nameOf(alive)} does not answer, and for ${nameOf(node)} it is alive, or was a moment ago`;
    }
    return undefined;
  }
}

/** Throws `MalformedError`. */
function seenOf({ configuration, agreed, votes, heard }: Surveyed): Seen {
  return {
    told: decodeConfiguration(configuration),
    agreed: agreed && decodeConfiguration(agreed),
    votes,
    heard,
  };
}

/** Throws `UnavailableError` where there is more than one. */
export function begunBy(
  agreed: ReadonlyMap<NodeId, Configuration | undefined>,
): Configuration | undefined {
  const [begun, ...others] = mayHaveBegun(agreed);
  if (others.length === 0) return begun;
  throw new UnavailableError(
    'two recoveries of this configuration were begun apart, and each may have come about: stop the nodes of one, and put their data directories aside',
  );
}
