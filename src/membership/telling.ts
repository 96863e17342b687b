/** What this node tells others of the members, and whom. */
import type { NodeId } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import type { Member } from '../../actors/rules/membership.js';
import type { Peers } from '../bus/peers.js';
import type { Bus } from '../seams/bus.js';
import type { Random } from '../seams/random.js';
import { type News, newsBody, type NewsOfChain, type Settings } from '../wire/protocol/news.js';
import type { Identity } from './identity.js';
import type { Life } from './life.js';
import type { PeerWatch } from './peer-watch.js';
import type { Roster } from './roster.js';
import type { TimeOfDay } from './time-of-day.js';

export class Telling {
  private spreads = 0;
  /** With which spread each was told last. */
  private toldAt: ReadonlyMap<NodeId, number> = new Map();

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
   * ones too, or they could never answer back.
   */
  spread(): void {
    const { roster, random } = this.options;
    const left = [...roster.otherIds];
    const toldAt = new Map(left.map((id) => [id, this.toldAt.get(id) ?? 0]));
    this.toldAt = toldAt;
    this.spreads++;
    for (let i = 0; i < limits.gossipFanout && left.length > 0; i++) {
      const longestAgo = Math.min(...left.map((id) => toldAt.get(id)!));
      const next = left.filter((id) => toldAt.get(id) === longestAgo);
      const to = next[random.below(next.length)]!;
      left.splice(left.indexOf(to), 1);
      toldAt.set(to, this.spreads);
      this.tell(to, { hello: false });
    }
  }

  /** `rows`: all that is known, for one that may know nothing. */
  tell(to: NodeId, options: { hello: boolean; rows?: boolean }): void {
    if (this.may) this.options.peers.tell(to, 'gossip', newsBody(this.news({ ...options, to })));
  }

  /** With the own row: who is new learns of it from itself. */
  tellAll({ hello }: { hello: boolean }): void {
    if (this.may) this.options.peers.tellAll('gossip', newsBody(this.news({ hello })));
  }

  private get may(): boolean {
    return this.options.bus.connected && this.options.identity.speaks;
  }

  private news(options: { hello: boolean; rows?: boolean; to?: NodeId }): News {
    const { roster, watch, settings, timeOfDay, life, chain } = this.options;
    const { vote, list, isFounded } = life;
    const { self } = roster;
    const isTold = ({ id, status }: Member): boolean =>
      id === self.id || (isFounded ? status !== 'joining' : list.length === 0 || list.includes(id));
    const members = roster.allRows().filter(isTold);
    return {
      hello: options.hello,
      settings,
      vote,
      chain: chain(),
      vitals: members.map(({ id, generation, heartbeat }) => {
        return { id, generation, heartbeat, opinion: watch.opinion(id) };
      }),
      rows: options.rows === true ? members : [roster.ownRow],
      clock: timeOfDay.news(options.to),
    };
  }
}
