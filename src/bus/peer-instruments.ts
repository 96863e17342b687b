/** What the node protocol counts. */
import type { Counter, Metrics } from '../seams/metrics.js';

export interface PeerInstruments {
  readonly calls: Counter;
  readonly tells: Counter;
  readonly served: Counter;
  readonly noResponders: Counter;
  readonly lateAnswers: Counter;
  readonly malformed: Counter;
  readonly handlerFailures: Counter;
}

export function peerInstruments(metrics: Metrics): PeerInstruments {
  return {
    calls: metrics.counter('peers.calls', 'requests to other nodes'),
    tells: metrics.counter('peers.tells', 'messages to other nodes that want no answer'),
    served: metrics.counter('peers.served', 'messages of other nodes that were handled'),
    noResponders: metrics.counter(
      'peers.noResponders',
      "the server's word that a node is not there",
    ),
    lateAnswers: metrics.counter(
      'peers.lateAnswers',
      'answers to calls that were given up, or never made',
    ),
    malformed: metrics.counter(
      'peers.malformed',
      'messages that were not of the node protocol; ignored or refused',
    ),
    handlerFailures: metrics.counter(
      'peers.handlerFailures',
      'messages at which the node itself failed: a fault of the program',
    ),
  };
}
