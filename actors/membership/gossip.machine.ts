/**
 * The rhythm of a node among others: it greets everyone when it comes (or comes back), then beats
 * once in `gossipIntervalMs` and looks for silence more often. Cut off from NATS it does neither,
 * and blames nobody. Its effects are provided by who runs it.
 */
import { setup } from 'xstate';
import { limits } from '../rules/limits.js';

export type GossipEvent =
  | { readonly type: 'link.lost' }
  | { readonly type: 'link.restored' }
  | { readonly type: 'node.stopping' };

export const gossipMachine = setup({
  types: { events: {} as GossipEvent },
  actions: {
    /** Tells everyone who this node is and asks them to answer. */
    greet: () => undefined,
    /** Raises the own heartbeat and tells a few random peers what this node knows. */
    beat: () => undefined,
    /** Compares how long peers were silent with how long they may be, if this node hears at all. */
    review: () => undefined,
    /** Asks whether another process uses this node's id. */
    claimId: () => undefined,
    /** From here silence says nothing about others. */
    suspend: () => undefined,
    /** Silence says something again. */
    resume: () => undefined,
  },
  delays: {
    betweenBeats: limits.gossipIntervalMs,
    betweenReviews: limits.reviewIntervalMs,
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
