/**
 * The rhythm of a node among others: it greets everyone when it comes (or comes back), then beats
 * once in `gossipIntervalMs` and looks for silence more often. What it believes of others since
 * then it tells at once, but not again and again: many may be lost together. Cut off from NATS it
 * does neither, and blames nobody. Its effects are provided by who runs it.
 */
import { setup, stateIn } from 'xstate';
import { limits } from '../rules/limits.js';

export type GossipEvent =
  | { readonly type: 'link.lost' }
  | { readonly type: 'link.restored' }
  /** Another one is not reachable any more, or less than before. */
  | { readonly type: 'peer.doubted' }
  | { readonly type: 'node.stopping' };

export const gossipMachine = setup({
  types: { events: {} as GossipEvent },
  actions: {
    /** Tells everyone who this node is and asks them to answer. */
    greet: () => undefined,
    /** Raises the own heartbeat and tells a few random peers what this node knows. */
    beat: () => undefined,
    /** Tells a few what this node knows. */
    spread: () => undefined,
    /** Compares how long peers were silent with how long they may be, if this node hears at all. */
    review: () => undefined,
    /** Asks whether another process uses this node's id. */
    claimId: () => undefined,
    /** From here silence says nothing about others. */
    suspend: () => undefined,
    /** Silence says something again. */
    resume: () => undefined,
  },
  guards: { hasMore: stateIn('#notAll') },
  delays: {
    betweenBeats: limits.gossipIntervalMs,
    betweenReviews: limits.reviewIntervalMs,
    betweenSpreads: limits.reviewIntervalMs,
    betweenClaims: limits.claimIntervalMs,
  },
}).createMachine({
  id: 'gossip',
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
        telling: {
          initial: 'free',
          states: {
            free: { on: { 'peer.doubted': { target: 'told', actions: 'spread' } } },
            told: {
              initial: 'all',
              after: {
                betweenSpreads: [
                  { guard: 'hasMore', target: 'told', reenter: true, actions: 'spread' },
                  { target: 'free' },
                ],
              },
              states: { all: { on: { 'peer.doubted': 'notAll' } }, notAll: { id: 'notAll' } },
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
