/**
 * The rhythm of a node among others: it greets everyone when it comes (or comes back), then beats once in
 * `gossipIntervalMs` and looks for silence more often. Cut off from NATS it does neither, and blames nobody.
 */
import { setup } from 'xstate';
import { limits } from '../rules/limits.js';

export interface GossipEffects {
  /** Tells everyone who this node is and asks them to answer. */
  greet(): void;
  /** Raises the own heartbeat and tells a few random peers what this node knows. */
  beat(): void;
  /** Compares how long peers have been silent with how long they may be, if this node hears what is said now. */
  review(): void;
  /** Asks whether another process uses this node's id. */
  claimId(): void;
  /** From here silence says nothing about others / says something again. */
  suspend(): void;
  resume(): void;
}

export type GossipEvent =
  | { readonly type: 'link.lost' }
  | { readonly type: 'link.restored' }
  | { readonly type: 'node.stopping' };

export const gossipMachine = setup({
  types: {
    context: {} as { readonly effects: GossipEffects },
    events: {} as GossipEvent,
    input: {} as GossipEffects,
  },
  actions: {
    greet: ({ context }) => context.effects.greet(),
    beat: ({ context }) => context.effects.beat(),
    review: ({ context }) => context.effects.review(),
    claimId: ({ context }) => context.effects.claimId(),
    suspend: ({ context }) => context.effects.suspend(),
    resume: ({ context }) => context.effects.resume(),
  },
  delays: {
    betweenBeats: limits.gossipIntervalMs,
    betweenReviews: limits.reviewIntervalMs,
    betweenClaims: limits.claimIntervalMs,
  },
}).createMachine({
  id: 'gossip',
  context: ({ input }) => ({ effects: input }),
  initial: 'amongOthers',
  on: { 'node.stopping': '.stopped' },
  states: {
    amongOthers: {
      type: 'parallel',
      entry: 'greet',
      on: { 'link.lost': 'cutOff' },
      states: {
        beating: {
          initial: 'resting',
          states: {
            resting: {
              after: { betweenBeats: { target: 'resting', reenter: true, actions: 'beat' } },
            },
          },
        },
        reviewing: {
          initial: 'resting',
          states: {
            resting: {
              after: { betweenReviews: { target: 'resting', reenter: true, actions: 'review' } },
            },
          },
        },
        claiming: {
          initial: 'resting',
          states: {
            resting: {
              after: { betweenClaims: { target: 'resting', reenter: true, actions: 'claimId' } },
            },
          },
        },
      },
    },
    cutOff: {
      entry: 'suspend',
      exit: 'resume',
      on: { 'link.restored': 'amongOthers' },
    },
    stopped: { type: 'final' },
  },
});
