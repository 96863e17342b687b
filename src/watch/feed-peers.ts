/**
 * Questions of the verb `feed` to any node, this one included: that one is asked without a message,
 * and answers a turn later like any other.
 */
import { inject, Lifecycle, scoped } from 'tsyringe';
import type { NodeId } from '../../actors/rules/actor.js';
import { Peers } from '../bus/peers.js';
import { MalformedError } from '../errors.js';
import { NodeOptions } from '../options/node-options.js';
import { FeedSource } from '../replica/feed-source.js';
import { Clock } from '../seams/clock.js';
import {
  changesOf,
  feedBody,
  keysOf,
  lastOf,
  rootsOf,
  type ChangesAnswer,
  type FeedQuestion,
  type KeysAnswer,
  type LastAnswer,
  type RootsAnswer,
} from '../wire/protocol/feed.js';
import type { WireValue } from '../wire/wire-value.js';

interface FeedAnswers {
  readonly last: LastAnswer;
  readonly roots: RootsAnswer;
  readonly changes: ChangesAnswer;
  readonly keys: KeysAnswer;
}

type Kind = FeedQuestion['kind'];
type Question<K extends Kind> = Extract<FeedQuestion, { readonly kind: K }>;

/** A question that was asked; nothing comes of it any more once it was dropped. */
export interface Asked {
  drop(): void;
}

@scoped(Lifecycle.ContainerScoped)
export class FeedPeers {
  readonly self: NodeId;

  constructor(
    @inject(Peers) private readonly peers: Peers,
    @inject(FeedSource) private readonly source: FeedSource,
    @inject(NodeOptions) private readonly options: NodeOptions,
    @inject(Clock) private readonly clock: Clock,
  ) {
    this.self = peers.self;
  }

  /**
   * Undefined: no answer within `forMs`, a refusal, or one that can't be read. What an answer holds
   * is lent for the turn. A question for this node's own last change is answered at once, changed
   * or not.
   */
  ask<K extends Kind>(
    node: NodeId,
    question: Question<K>,
    forMs: number,
    onAnswer: (answer: FeedAnswers[K] | undefined) => void,
  ): Asked {
    if (node === this.self) return this.askSelf(question, onAnswer);
    const { clock, peers } = this;
    const body = feedBody(question, this.options.partitions);
    const timer = clock.setTimeout(() => {
      peers.giveUp(call);
      onAnswer(undefined);
    }, forMs);
    const call = peers.call(node, 'feed', body, (answer) => {
      clock.clearTimeout(timer);
      onAnswer(answer.kind === 'ok' ? this.read(question, answer.body) : undefined);
    });
    return {
      drop: () => {
        clock.clearTimeout(timer);
        peers.giveUp(call);
      },
    };
  }

  private askSelf<K extends Kind>(
    question: Question<K>,
    onAnswer: (answer: FeedAnswers[K]) => void,
  ): Asked {
    const timer = this.clock.setTimeout(() => onAnswer(this.own(question)), 0);
    return { drop: () => this.clock.clearTimeout(timer) };
  }

  private own<K extends Kind>(question: Question<K>): FeedAnswers[K] {
    const { source } = this;
    const asked: FeedQuestion = question;
    switch (asked.kind) {
      case 'last':
        return source.last() as FeedAnswers[K];
      case 'roots':
        return source.roots(asked) as FeedAnswers[K];
      case 'changes':
        return source.changes(asked) as FeedAnswers[K];
      default:
        return source.keys(asked) as FeedAnswers[K];
    }
  }

  private read<K extends Kind>(
    question: Question<K>,
    body: readonly WireValue[],
  ): FeedAnswers[K] | undefined {
    const { partitions } = this.options;
    const asked: FeedQuestion = question;
    try {
      switch (asked.kind) {
        case 'last':
          return lastOf(body) as FeedAnswers[K];
        case 'roots':
          return rootsOf(body, partitions) as FeedAnswers[K];
        case 'changes':
          return changesOf(body, asked.after) as FeedAnswers[K];
        default:
          return keysOf(body, asked.after) as FeedAnswers[K];
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return undefined;
    }
  }
}
