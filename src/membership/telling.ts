/** What this node tells others of the members, and whom. */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { Member } from '../../actors/rules/membership.js';
import type { Peers } from '../bus/peers.js';
import type { Bus } from '../seams/bus.js';
import type { Random } from '../seams/random.js';
import {
  type Asked,
  type News,
  newsBody,
  type NewsOfChain,
  type Settings,
  type Vital,
} from '../wire/protocol/news.js';
import { HangingWord } from './hanging-word.js';
import type { Identity } from './identity.js';
import type { Life } from './life.js';
import type { PeerWatch } from './peer-watch.js';
import type { Roster } from './roster.js';
import type { TimeOfDay } from './time-of-day.js';
import { ToldVitals } from './told-vitals.js';

interface Way {
  readonly asks: Asked;
  /** All that is known, for one that may know nothing. */
  readonly rows?: boolean;
}

export class Telling {
  private readonly vitals = new ToldVitals();
  /** That somebody hangs. */
  readonly hanging = new HangingWord();
  private spreads = 0;
  /** With which spread each was told last. */
  private toldAt = new Map<NodeId, number>();

  constructor(
    private readonly options: {
      readonly peers: Peers;
      readonly bus: Bus;
      readonly random: Random;
      readonly settings: Settings;
      readonly roster: Roster;
      readonly life: Life;
      readonly watch: PeerWatch;
      readonly identity: Identity;
      readonly timeOfDay: TimeOfDay;
      readonly chain: () => NewsOfChain | undefined;
    },
  ) {}

  /**
   * To a few members, those first who were told longest ago, and of these at random; unreachable
   * ones too, or they could never answer back. Of whom nothing was heard for long is asked for a
   * sign of life.
   */
  spread(): void {
    const { roster, random, watch } = this.options;
    const left = [...roster.otherIds];
    this.toldAt = new Map(left.map((id) => [id, this.toldAt.get(id) ?? 0]));
    const { toldAt } = this;
    this.spreads++;
    for (let i = 0; i < limits.gossipFanout && left.length > 0; i++) {
      const longestAgo = Math.min(...left.map((id) => toldAt.get(id)!));
      const next = left.filter((id) => toldAt.get(id) === longestAgo);
      const to = next[random.below(next.length)]!;
      left.splice(left.indexOf(to), 1);
      if (!watch.isAsked(to)) this.tell(to, { asks: 'nothing' });
    }
  }

  tell(to: NodeId, way: Way): void {
    this.toldAt.set(to, this.spreads);
    if (this.may) this.options.peers.tell(to, 'gossip', newsBody(this.news(way, to)));
  }

  /** With the own row: who is new learns of it from itself. */
  tellAll(asks: Asked): void {
    if (this.may) this.options.peers.tellAll('gossip', newsBody(this.news({ asks })));
  }

  private get may(): boolean {
    return this.options.bus.connected && this.options.identity.speaks;
  }

  private news({ asks, rows }: Way, to?: NodeId): News {
    const { roster, settings, timeOfDay, life, chain } = this.options;
    const known = chain();
    const { vote, list, isFounded } = life;
    const { self } = roster;
    const isTold = ({ id, status }: Member): boolean =>
      id === self.id || (isFounded ? status !== 'joining' : list.length === 0 || list.includes(id));
    const members = roster.allRows().filter(isTold);
    const isBeat = known !== undefined && to !== undefined && rows !== true;
    return {
      asks,
      settings,
      // Who still needs it knows no configuration, and is told all.
      vote: isBeat ? undefined : vote,
      chain: known,
      vitals: this.vitalsOf(known === undefined || rows === true ? members : this.few(members, to)),
      hangingBeats: this.hangingBeats(),
      rows: rows === true ? members : [roster.ownRow],
      clock: timeOfDay.news(to),
    };
  }

  private hangingBeats(): number {
    const { roster, watch } = this.options;
    const others = roster.otherIds;
    const isOwn = others.some((id) => watch.opinion(id) === 'down');
    return this.hanging.beats(others.length + 1, isOwn);
  }

  /** Whoever hears what is thought of it can answer to that. */
  private few(members: readonly Member[], to: NodeId | undefined): Member[] {
    const { roster, watch } = this.options;
    const isParty = (id: NodeId): boolean => id === roster.self.id || id === to;
    const others = members.map(({ id }) => id).filter((id) => !isParty(id));
    const chosen = new Set(this.vitals.next(others, (id) => watch.opinion(id)));
    return members.filter(({ id }) => isParty(id) || chosen.has(id));
  }

  private vitalsOf(members: readonly Member[]): Vital[] {
    const { watch } = this.options;
    return members.map(({ id, generation, heartbeat }) => {
      return { id, generation, heartbeat, opinion: watch.opinion(id) };
    });
  }
}
