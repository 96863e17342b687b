/**
 * What an operator must know of a node, told as it happens: a closed list of events, each with what
 * it is about. Whoever has the node run says where they go; nobody in the node waits for that.
 *
 * Told are changes and sums over a time, never single requests.
 */
import type { NodeId } from '../../actors/rules/actor.js';

/** Of another node; its name is what that one says of itself. */
interface OfPeer {
  readonly peer: string;
  readonly peerId: NodeId;
}

/** Of refusals and failures; each is what was counted since the last look. */
export interface RefusalCounts {
  /** Requests that were answered with an error; 404 is none. */
  readonly failed: number;
  /** Requests that could be neither done nor answered. */
  readonly unanswerable: number;
  /** Hints there was no room for. */
  readonly hintsRefused: number;
  /** Messages that are not of the node protocol. */
  readonly malformed: number;
  /** Messages at which the node itself failed. */
  readonly faults: number;
}

export type JournalEvent =
  | {
      readonly event: 'node.started';
      readonly version: string;
      readonly dataDir: string;
      /** Without user and password. */
      readonly servers: string;
      readonly prefix: string;
      readonly host: string;
      readonly zone: string;
      readonly founders: number;
      readonly durability: string;
      readonly n: number;
      readonly r: number;
      readonly w: number;
    }
  | {
      readonly event: 'store.recovered';
      readonly id: NodeId;
      readonly keys: number;
      readonly hints: number;
      readonly tookMs: number;
      /** It was closed in good order. */
      readonly clean: boolean;
      /** Of the end of the log, which were not whole. */
      readonly cutBytes: number;
      /** Files of the log that were damaged, or another's, and are kept aside. */
      readonly setAside: number;
    }
  | { readonly event: 'store.damaged'; readonly what: string; readonly partitions: number }
  | { readonly event: 'disk.full' }
  | { readonly event: 'disk.writable' }
  | { readonly event: 'nats.connected' }
  | { readonly event: 'nats.disconnected' }
  | { readonly event: 'node.serving' }
  | ({ readonly event: 'peer.suspect' } & OfPeer)
  | ({ readonly event: 'peer.down' } & OfPeer)
  /** `awayMs`: since it was suspected, or found down. */
  | ({ readonly event: 'peer.back'; readonly awayMs: number } & OfPeer)
  | ({ readonly event: 'hints.owed'; readonly hints: number; readonly bytes: number } & OfPeer)
  /**
   * Nothing is owed to it any more: so many it took itself, so many all other owners took in its
   * place, since that began.
   */
  | ({
      readonly event: 'hints.paid';
      readonly delivered: number;
      readonly rehomed: number;
    } & OfPeer)
  | {
      readonly event: 'members.changed';
      readonly configuration: number;
      /** So many there are now. */
      readonly members: number;
      /** Names, at most `journalLimits.namesMax`. */
      readonly came: readonly string[];
      readonly went: readonly string[];
    }
  | { readonly event: 'move.begun'; readonly configuration: number }
  /** It was cancelled, or what was cancelled is taken up again. */
  | { readonly event: 'move.turned'; readonly configuration: number }
  | { readonly event: 'move.ended'; readonly configuration: number }
  | ({ readonly event: 'requests.refused'; readonly periodMs: number } & RefusalCounts)
  /** What the node can't mend itself, in a sentence. */
  | { readonly event: 'problem'; readonly text: string }
  /** By the text it had last. */
  | { readonly event: 'problem.over'; readonly text: string }
  | { readonly event: 'node.left' }
  | { readonly event: 'node.stopping' }
  | { readonly event: 'node.stopped' }
  /** Told by its host, whom `stopped` has told. */
  | { readonly event: 'node.failed'; readonly error: string };

export type JournalEventName = JournalEvent['event'];

export interface Journal {
  /** Must not throw, and keeps nothing that it is lent. */
  tell(event: JournalEvent): void;
}

/** Of a node whose host wants to know nothing. */
export const silentJournal: Journal = { tell: () => undefined };

export const Journal = Symbol('Journal');
