/**
 * What a node's process notes of itself: its part in requests under the glass, and its time line.
 * Those who watch a real node are told by the same call.
 */
import type { Note } from '../../../src/insight/notes.js';
import type { QuorateNode } from '../../../src/node/compose-node.js';

interface Joining {
  join(): void;
  readonly parts?: { readonly insight: { readonly watchers: { tell(note: Note): void } } };
}

/** Before the process starts: its insight is there by the time it joins the cluster. */
export function hearInsight(product: QuorateNode, hear: (note: Note) => void): void {
  const node = product as unknown as Joining;
  const join = node.join.bind(node);
  node.join = () => {
    const { watchers } = node.parts!.insight;
    const tell = watchers.tell.bind(watchers);
    watchers.tell = (note) => {
      hear(note);
      tell(note);
    };
    join();
  };
}
