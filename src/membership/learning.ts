/**
 * What this node learns of members from gossip: their rows, that they live, what others think of
 * them, and of this node itself.
 */
import type { NodeId } from '../../actors/rules/actor.js';
import type { Member } from '../../actors/rules/membership.js';
import type { IncomingCall } from '../bus/peers.js';
import { lifeBody } from '../wire/protocol/gossip.js';
import { isDown, isUnheard, type News, type Vital } from '../wire/protocol/news.js';
import type { HangingWord } from './hanging-word.js';
import type { Identity } from './identity.js';
import type { MemberView } from './member-view.js';
import type { PeerWatch } from './peer-watch.js';
import type { Learned, Roster } from './roster.js';

export class Learning {
  constructor(
    private readonly roster: Roster,
    private readonly watch: PeerWatch,
    private readonly identity: Identity,
    private readonly view: Pick<MemberView, 'told'>,
    private readonly hanging: HangingWord,
  ) {}

  /** Of each row and vital, whether it was news. */
  learn(from: NodeId, news: News): Set<Learned> {
    const { self } = this.roster;
    const learned = new Set<Learned>();
    const told = new Set(news.rows.map(({ id }) => id));
    for (const row of news.rows) if (row.id !== self.id) learned.add(this.row(row, from));
    if (news.hangingBeats > 0) this.hearOfHanging(news.hangingBeats);
    for (const vital of news.vitals) {
      const { id, opinion } = vital;
      if (id === self.id) {
        this.hear(vital, from);
        continue;
      }
      const what = this.roster.touch(id, vital);
      if (what === 'newer') this.watch.told(id);
      // A row that came along and was not taken is of a node that is learned of from itself alone:
      // asking again brings no other.
      if (what !== 'unknown' || !told.has(id)) learned.add(what);
      this.watch.testify(from, { peer: id, opinion });
    }
    return learned;
  }

  private hearOfHanging(beats: number): void {
    this.hanging.hear(beats);
    this.view.told('hanging.told');
  }

  /** Says what was known of the asker, and takes what it tells of itself now. */
  answerRecall(call: IncomingCall<'gossip'>, row: Member): void {
    const seen = this.roster.get(call.from);
    if (seen !== undefined && row.id === call.from) this.row(row, call.from);
    call.ok(lifeBody(seen));
  }

  private row(row: Member, from: NodeId): Learned {
    const what = this.roster.learn(row, { direct: row.id === from });
    if (what === 'new') this.watch.watch(row.id);
    if (what === 'newer') this.watch.told(row.id);
    return what;
  }

  private hear(vital: Vital, from: NodeId): void {
    const isDoubted = isUnheard(vital.opinion);
    if (isDoubted) {
      this.view.told('self.unheard');
      this.watch.health.strike();
    }
    const wasOld = this.roster.hear(vital, { calledDown: isDown(vital.opinion) });
    // Of one who was not asked, or did not answer in time.
    if (wasOld) this.identity.laterLifeTold(from);
    if (isDoubted) this.roster.beat();
  }
}
