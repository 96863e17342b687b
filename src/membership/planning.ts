/**
 * Changes of the membership that an operator wants: shows what they would come to
 * (`actors/rules/plan.ts`), and has them chosen. A plan is of one configuration: once the cluster
 * has gone on from that, it is refused.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import { reversed } from '../../actors/rules/bucket-book.js';
import { optionsWished } from '../../actors/rules/bucket-wishes.js';
import {
  type Configuration,
  type Move,
  type Place,
  samePlaces,
} from '../../actors/rules/configuration.js';
import { isGoverned } from '../../actors/rules/driver.js';
import { chainLimits } from '../../actors/rules/limits/chain.js';
import type { Member } from '../../actors/rules/membership.js';
import { changed, planned, type Wishes } from '../../actors/rules/plan.js';
import { type Preview, previewOf } from '../../actors/rules/plan-preview.js';
import { nBefore } from '../../actors/rules/spread.js';
import { cancelled, type Objection, sameConfiguration } from '../../actors/rules/steps.js';
import { votersOf } from '../../actors/rules/voters.js';
import type { Buckets } from '../buckets/buckets.js';
import { UnavailableError } from '../errors.js';
import type { PlanForm, PreviewForm, WishesForm } from '../wire/change-form.js';
import type { Chain } from './chain.js';
import type { Consent } from './consent.js';
import type { MemberView } from './member-view.js';
import type { Proposing } from './proposing.js';
import { type DataSizes, sizeEstimate } from './size-estimate.js';

export interface PlanningOptions {
  readonly chain: Chain;
  readonly proposing: Proposing;
  readonly consent: Consent;
  readonly view: MemberView;
  readonly buckets: Buckets;
  readonly sizes: DataSizes;
}

export interface Planned {
  readonly plan: PlanForm;
  readonly preview: PreviewForm;
}

export class Planning {
  constructor(private readonly options: PlanningOptions) {}

  /** Throws `UnavailableError` with what stands in the way. */
  plan(wishes: WishesForm): Planned {
    const from = this.known;
    const whole = this.whole(wishes);
    const to = this.planned(from, whole);
    if (typeof to === 'string') throw new UnavailableError(to);
    return { plan: { number: from.number, wishes: whole }, preview: this.preview(from, to) };
  }

  /**
   * Resolves with the number of the configuration that begins what was planned. Throws
   * `UnavailableError`: outcome `none`, it does not begin; `unknown`, it may yet.
   */
  async apply({ number, wishes }: PlanForm): Promise<number> {
    const { consent } = this.options;
    const whole = this.whole(wishes);
    const step = (from: Configuration): Configuration | Objection =>
      from.number === number ? this.planned(from, whole) : otherNumber(number, from.number);
    const first = step(this.known);
    if (typeof first === 'string') throw new UnavailableError(first);
    const gone = [...whole.remove, ...whole.replace.map(({ old }) => old)];
    await consent.to(gone);
    return this.chosen(step, isOrCameOf);
  }

  /** As `apply`, of the move that is under way. */
  async cancel(): Promise<number> {
    const before = this.known;
    const first = this.turned(before);
    if (typeof first === 'string') throw new UnavailableError(first);
    return this.chosen(
      (from) =>
        from.move === undefined || leadsTo(from, before.move!, before.move!.replicas)
          ? this.turned(from)
          : 'the move that was under way is not any more',
      (from) => leadsTo(from, before, reversedReplicas(before)),
    );
  }

  /** Once something has moved those vote to whom it moved. */
  private turned(from: Configuration): Configuration | Objection {
    const to = cancelled(from);
    if (typeof to === 'string' || isGoverned(to, { isDown: this.isDown })) return to;
    const down = new Set(votersOf(to).filter(this.isDown));
    const names = to.members.filter(({ id }) => down.has(id)).map(({ name }) => name);
    return `too few of those who vote after that are heard, without ${names.join(', ')} nothing could be chosen any more: wait for them, or remove first who is gone for good (quorate remove ${names[0]})`;
  }

  /**
   * `isIt`: whether what another had chosen is what was wanted here. (One that a proposer finds
   * accepted it proposes as well, whoever wanted it first.)
   */
  private async chosen(
    step: (from: Configuration) => Configuration | Objection,
    isIt: (from: Configuration, wanted: Configuration | undefined) => boolean,
  ): Promise<number> {
    let wanted: Configuration | undefined;
    let reached: number | undefined;
    let isRefuted = false;
    const next = (from: Configuration): Configuration | Objection => {
      if (isIt(from, wanted)) {
        reached = from.number;
        return 'it is so already';
      }
      // Another has the number that it was to have.
      isRefuted = from.number === wanted?.number;
      const to = step(from);
      if (typeof to !== 'string') wanted = to;
      return to;
    };
    try {
      return (await this.options.proposing.propose(next)).number;
    } catch (error) {
      if (reached !== undefined) return reached;
      if (isRefuted && error instanceof UnavailableError) throw new UnavailableError(error.message);
      throw error;
    }
  }

  /** `whole`: with all places. */
  private planned(from: Configuration, whole: WishesForm): Configuration | Objection {
    return planned(from, this.resolved(whole), this.down(from), this.quorum);
  }

  /** With fewer nodes than that, requests of some bucket would all be refused. */
  private get quorum(): number {
    const { defaults, own } = this.options.buckets;
    return Math.max(...[defaults, ...own.values()].flatMap(({ r, w }) => [r, w]));
  }

  private get known(): Configuration {
    const { known } = this.options.chain;
    if (known === undefined)
      throw new UnavailableError('this node knows of no cluster yet: ask a member');
    return known;
  }

  private down({ members, leaving }: Configuration): NodeId[] {
    const ids = [...members.map(({ id }) => id), ...leaving];
    return ids.filter(this.isDown);
  }

  private readonly isDown = (node: NodeId): boolean =>
    this.options.view.reachability(node) === 'down';

  /** With the place of each node that comes, as it stands in its row or is to be. */
  private whole(wishes: WishesForm): WishesForm {
    const { add, replace, places } = wishes;
    const coming = new Set([...add, ...replace.map(({ by }) => by)]);
    this.checkMembers(wishes, coming);
    const whole = [...coming].map((id) => {
      const { name, host, zone, weight } = this.newcomer(id);
      return changed({ id, name, host, zone, weight }, places);
    });
    return { ...wishes, places: [...places.filter(({ id }) => !coming.has(id)), ...whole] };
  }

  /** Who waits or leaves already, by name: of others the rules say what there is to say. */
  private checkMembers(
    { leave, remove, replace, places }: WishesForm,
    coming: ReadonlySet<NodeId>,
  ): void {
    const gone = [...remove, ...replace.map(({ old }) => old)];
    const changing = places.map(({ id }) => id).filter((id) => !coming.has(id));
    for (const id of [...leave, ...gone, ...changing]) {
      const member = this.options.view.members().find((one) => one.id === id);
      if (member === undefined) continue;
      const { name, status } = member;
      if (status === 'joining')
        throw new UnavailableError(
          `${name} waits to be taken in and holds nothing: stop its process, or have it taken in (quorate ring plan --add ${name})`,
        );
      if (this.known.leaving.includes(id) && !gone.includes(id))
        throw new UnavailableError(
          `${name} is leaving already: it goes by itself once it has handed on everything`,
        );
    }
  }

  private newcomer(id: NodeId): Member {
    const { view } = this.options;
    const member = view.members().find((one) => one.id === id);
    if (member === undefined)
      throw new UnavailableError(
        `${id} is not known here: is it started, and with this cluster's NATS? quorate status shows who waits`,
      );
    if (view.reachability(id) === 'alive') return member;
    throw new UnavailableError(`${member.name} is not heard now: it has to run to come`);
  }

  /** `places`: whole where a node comes. */
  private resolved({ add, leave, remove, replace, places, ring }: WishesForm): Wishes {
    const coming = new Set([...add, ...replace.map(({ by }) => by)]);
    const placeOf = (id: NodeId): Place => places.find((place) => place.id === id) as Place;
    return {
      add: add.map(placeOf),
      leave,
      remove,
      replace: replace.map(({ old, by }) => ({ old, by: placeOf(by) })),
      change: places.filter(({ id }) => !coming.has(id)),
      ...(ring !== undefined && { ring }),
    };
  }

  private preview(from: Configuration, to: Configuration): PreviewForm {
    const { view, buckets, sizes } = this.options;
    const n = buckets.largest;
    const { id } = view.self;
    const ws = [buckets.defaults, ...buckets.own.values()].map(({ w }) => w);
    const { bytes, seen } = sizeEstimate(sizes, from.partitions, (partition) =>
      view.placement(partition, n).readers.includes(id),
    );
    const down = this.down(from);
    const preview = previewOf(to, { n, w: Math.min(...ws), bytes, down });
    const members = view.members();
    return {
      ...shortened(preview),
      estimatedFrom: seen,
      replicas: { n: nBefore(n), quorum: this.quorum, nodes: (to.move ?? to).members.length },
      names: Object.fromEntries(members.map((member) => [member.id, member.name])),
      down,
      waiting: members.flatMap((member) => {
        const { id, name, host, zone, weight, wish } = member;
        return wish === undefined ? [] : [{ place: { id, name, host, zone, weight }, ...wish }];
      }),
    };
  }
}

function otherNumber(number: number, known: number): Objection {
  return known > number
    ? `the plan is of configuration ${number}, and the cluster has gone on to ${known}: plan again`
    : `the plan is of configuration ${number}, and this node has heard of ${known} so far: ask another one, or again`;
}

/** Whether these own everything once nothing moves any more, and buckets have these N. */
function leadsTo(
  from: Configuration,
  to: Pick<Move, 'members' | 'ring'>,
  replicas: Move['replicas'] = [],
): boolean {
  const last = from.move ?? from;
  const isSame = last.ring === to.ring && samePlaces(last.members, to.members);
  return isSame && replicas.every(({ name, n }) => optionsWished(from, name)?.n === n);
}

function reversedReplicas({ buckets, move }: Configuration): Move['replicas'] {
  return buckets === undefined ? [] : reversed(buckets, move?.replicas ?? []);
}

/** Whether it is what was wanted, or the move that this has begun has gone on since. */
function isOrCameOf(from: Configuration, wanted: Configuration | undefined): boolean {
  if (wanted === undefined) return false;
  if (sameConfiguration(from, wanted)) return true;
  const isBegun = wanted.layout === wanted.number && from.layout === wanted.layout;
  return isBegun && wanted.move !== undefined && leadsTo(from, wanted.move, wanted.move.replicas);
}

function shortened(preview: Preview): Preview & Pick<PreviewForm, 'omitted'> {
  const { shownPartsMax } = chainLimits;
  const { shared, atRisk, held } = preview;
  const over = (list: readonly unknown[]): number => Math.max(0, list.length - shownPartsMax);
  return {
    ...preview,
    shared: shared.slice(0, shownPartsMax),
    atRisk: atRisk.slice(0, shownPartsMax),
    held: held.slice(0, shownPartsMax),
    omitted: { shared: over(shared), atRisk: over(atRisk), held: over(held) },
  };
}
