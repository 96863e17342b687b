/**
 * What a node's process notes of itself: its part in requests under the glass, and its time line.
 * Those who watch a real node are told by the same call.
 */
import type { ChartNote, Note } from '../../../src/insight/notes.js';
import type { QuorateNode } from '../../../src/node/compose-node.js';

interface Joining {
  join(): void;
  readonly parts?: { readonly insight: { readonly watchers: Watchers } };
}

interface Watchers {
  tell(note: Note): void;
  showsTrace(): boolean;
}

/** Before the process starts: its insight is there by the time it joins the cluster. */
export function hearInsight(product: QuorateNode, hear: (note: Note) => void): void {
  const node = product as unknown as Joining;
  const join = node.join.bind(node);
  node.join = () => {
    const { watchers } = node.parts!.insight;
    const tell = watchers.tell.bind(watchers);
    // So many a second are told to who watches a real node; here all that are marked.
    watchers.showsTrace = () => true;
    watchers.tell = (note) => {
      hear(note);
      tell(note);
    };
    join();
  };
}

/** XState numbers rounds across the whole process: here each node counts those it notes. */
export class RoundNames {
  private readonly names = new Map<string, string>();
  private readonly counts = new Map<string, number>();

  of({ node, chart, instance, trace = '' }: ChartNote): string {
    const key = `${node} ${instance} ${trace}`;
    let name = this.names.get(key);
    if (name === undefined) {
      const count = (this.counts.get(`${node} ${chart}`) ?? 0) + 1;
      this.counts.set(`${node} ${chart}`, count);
      name = `${chart} under the glass ${count}`;
      this.names.set(key, name);
    }
    return name;
  }
}
