/**
 * One watch at the node that serves it: runs its chart, follows for it, and tells its listener,
 * numbering what it says. No more is under way to the listener than it has acknowledged but for a
 * bounded rest: the server between them throws out who takes too little.
 */
import { createActor, type ActorRefFrom } from 'xstate';
import {
  watchChart,
  type WatchEffects,
  type WatchEvent,
  type watchMachine,
} from '../../actors/watch/watch.machine.js';
import { watchLimits } from '../../actors/rules/limits/watch.js';
import { NotFoundError, UnavailableError, type QuorateError } from '../errors.js';
import type { Bus } from '../seams/bus.js';
import type { Inspection } from '../seams/inspection.js';
import { encode } from '../wire/message-pack.js';
import type { FeedFilter, FeedRow } from '../wire/protocol/feed.js';
import { headerNames } from '../wire/subjects.js';
import { textOf } from '../wire/text.js';
import { cursorText } from '../wire/watch-cursor.js';
import { valueLeftOut, watchHeaders, type WatchWord } from '../wire/watch-messages.js';
import {
  Follower,
  type FollowedFrom,
  type FollowerEffects,
  type FollowerParts,
} from './follower.js';
import type { WatchInstruments } from './watch-instruments.js';

export interface SessionParts extends FollowerParts {
  readonly bus: Bus;
  readonly inspection: Inspection;
  readonly instruments: WatchInstruments;
}

export interface WatchWish {
  /** The listener's inbox. */
  readonly reply: string;
  /** Where it acknowledges. */
  readonly acknowledgeTo: string;
  readonly filter: FeedFilter;
  readonly from: FollowedFrom;
}

/** Of a key that can stand in a header as it is. */
const plainKey = /^[\x21-\x7e]+$/;
const nothing = Buffer.alloc(0);

export class WatchSession implements WatchEffects, FollowerEffects {
  private readonly actor: ActorRefFrom<typeof watchMachine>;
  private readonly follower: Follower;
  private number = 0;
  /** What was told and not acknowledged, oldest first. */
  private unacknowledged: { readonly number: number; readonly bytes: number }[] = [];
  private unacknowledgedBytes = 0;
  private isFull = false;
  private lost = 0;

  constructor(
    private readonly parts: SessionParts,
    private readonly wish: WatchWish,
    private readonly onEnded: () => void,
  ) {
    const { filter, from } = wish;
    this.follower = new Follower(parts, filter, from, this);
    const { clock } = parts;
    const input = { looksBack: from.keys || from.places !== undefined };
    this.actor = createActor(watchChart(this), { clock, input });
  }

  start(): void {
    this.parts.inspection.attach(this.actor);
    this.actor.start();
    this.say('started', {
      [watchHeaders.acknowledge]: this.wish.acknowledgeTo,
      [watchHeaders.within]: String(watchLimits.acknowledgeMs),
    });
    this.follower.start();
  }

  /** The node takes part no more. */
  stop(): void {
    this.send({ type: 'node.stops' });
  }

  /** `number`: all up to it was taken. Who names one that was not said yet is not listened to. */
  acknowledged(number: number): void {
    if (number > this.number) return;
    this.send({ type: 'listener.heard' });
    const { unacknowledged } = this;
    let taken = 0;
    for (; taken < unacknowledged.length; taken++) {
      const { number: told, bytes } = unacknowledged[taken]!;
      if (told > number) break;
      this.unacknowledgedBytes -= bytes;
    }
    if (taken > 0) unacknowledged.splice(0, taken);
    if (!this.isFull || !this.hasRoom()) return;
    this.isFull = false;
    this.send({ type: 'listener.hasRoom' });
    this.follower.pump();
  }

  /** The listener wants no more. */
  leave(): void {
    this.send({ type: 'listener.left' });
  }

  private send(event: WatchEvent): void {
    this.actor.send(event);
  }

  // What the follower says.

  followed(): void {
    this.send({ type: 'followed' });
  }

  caughtUp(): void {
    this.send({ type: 'caughtUp' });
  }

  lostPlace(partitions: number): void {
    this.lost = partitions;
    this.parts.instruments.resyncs.value++;
    this.send({ type: 'place.lost' });
  }

  seesEnough(does: boolean): void {
    this.send({ type: does ? 'sight.back' : 'sight.lost' });
  }

  hasRoom(): boolean {
    const { unacknowledgedBytesMax, unacknowledgedMax } = watchLimits;
    const hasRoom =
      this.unacknowledgedBytes < unacknowledgedBytesMax &&
      this.unacknowledged.length < unacknowledgedMax;
    if (!hasRoom && !this.isFull) {
      this.isFull = true;
      this.send({ type: 'listener.full' });
    }
    return hasRoom;
  }

  tell(rows: readonly FeedRow[], isFirst: boolean): void {
    for (const row of rows) this.tellRow(isFirst ? 'current' : 'change', row);
    this.parts.instruments.told.value += rows.length;
  }

  private tellRow(word: WatchWord, row: FeedRow): void {
    const headers: Record<string, string> = {
      ...keyHeader(row.key),
      [headerNames.context]: Buffer.from(row.context).toString('base64url'),
    };
    if (row.shown !== 'live')
      headers[headerNames.deleted] = row.shown === 'expired' ? 'expired' : 'true';
    if (row.siblings > 1) headers[headerNames.siblings] = String(row.siblings);
    const payload = this.payloadOf(row);
    if (payload === undefined) headers[watchHeaders.leftOut] = valueLeftOut;
    const bytes = this.say(word, headers, payload ?? nothing);
    this.unacknowledged.push({ number: this.number, bytes });
    this.unacknowledgedBytes += bytes;
  }

  /** Undefined: it is larger than a message. */
  private payloadOf({ shown, values }: FeedRow): Uint8Array | undefined {
    if (!this.wish.filter.values || shown !== 'live') return nothing;
    if (values === undefined) return undefined;
    const payload = values.length === 1 && values[0] ? values[0] : encode(values);
    return payload.length > watchLimits.rowBytesMax ? undefined : payload;
  }

  // What the chart says.

  look(): void {
    this.follower.lookAgain();
  }

  tellUpToDate(): void {
    this.say('marker', this.cursor());
  }

  tellResynced(): void {
    this.say('resynced', { [watchHeaders.partitions]: String(this.lost) });
  }

  tellHeartbeat(): void {
    const { refused } = this.parts.buckets.of(this.wish.filter.bucket);
    if (refused !== undefined) return this.send({ type: 'bucket.removed' });
    this.say('heartbeat', this.cursor());
  }

  tellBehind(because: 'listener' | 'nodes'): void {
    const reason =
      because === 'listener'
        ? 'too little was acknowledged'
        : 'too few nodes of some keys are heard';
    this.say('behind', { [watchHeaders.reason]: reason });
  }

  tellEnded(because: 'silent' | 'stopping' | 'unstarted' | 'asked' | 'removed'): void {
    const error = because === 'asked' ? undefined : endings[because];
    this.say('ended', {
      ...this.cursor(),
      [watchHeaders.reason]: error === undefined ? 'its listener asked for it' : error.message,
      ...(error === undefined ? {} : { [headerNames.errorCode]: String(error.code) }),
      ...(error === undefined ? {} : { [headerNames.error]: error.message }),
    });
  }

  release(): void {
    this.follower.stop();
    this.parts.inspection.detach(this.actor);
    this.onEnded();
  }

  private cursor(): Record<string, string> {
    const text = cursorText(this.follower.cursor(), this.parts.partitions);
    return { [watchHeaders.cursor]: text };
  }

  /** Returns how many bytes that takes. */
  private say(
    word: WatchWord,
    headers: Readonly<Record<string, string>>,
    payload: Uint8Array = nothing,
  ): number {
    const number = ++this.number;
    const all = { [watchHeaders.word]: word, [watchHeaders.number]: String(number), ...headers };
    this.parts.bus.publish(this.wish.reply, payload, { headers: all });
    let bytes = payload.length + this.wish.reply.length;
    for (const [name, value] of Object.entries(all)) bytes += name.length + value.length + 4;
    return bytes;
  }
}

const endings: Readonly<Record<'silent' | 'stopping' | 'unstarted' | 'removed', QuorateError>> = {
  silent: new UnavailableError(
    `nothing was acknowledged for ${watchLimits.silentListenerMs} ms: ask again with the cursor`,
  ),
  stopping: new UnavailableError('the node stops: ask again with the cursor'),
  removed: new NotFoundError('the bucket is removed'),
  unstarted: new UnavailableError('the other nodes could not be asked: ask again'),
};

function keyHeader(key: string): Record<string, string> {
  const text = plainKey.test(key) ? key : undefined;
  if (text !== undefined) return { [watchHeaders.key]: text };
  const utf8 = textOf(key);
  const isPlain = utf8 !== undefined && !/[\s\p{Cc}\p{Cf}\ufffd]/u.test(utf8);
  return isPlain
    ? { [watchHeaders.key]: utf8 }
    : { [watchHeaders.keyBytes]: Buffer.from(key, 'latin1').toString('base64url') };
}
