/** A colour and a form for each node, the same in all views for as long as the page is open. */

export const nodeForms = [
  'circle',
  'square',
  'triangle',
  'diamond',
  'pentagon',
  'cross',
  'drop',
  'hexagon',
] as const;

export type NodeForm = (typeof nodeForms)[number];

/** So many colours there are in `style/tokens.css`. */
const colours = 8;

export interface NodeMark {
  readonly name: string;
  /** Of `style/tokens.css`. */
  readonly token: `--series-${number}`;
  readonly form: NodeForm;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

export class NodeMarks {
  private readonly marks = new Map<string, NodeMark>();

  /** A node keeps its mark whoever comes or goes; those that come together are in turn by name. */
  meet(nodes: readonly Named[]): void {
    for (const { id, name } of nodes.toSorted(byName)) {
      const known = this.marks.get(id);
      if (known?.name === name) continue;
      const { token, form } = known ?? markAt(this.marks.size);
      this.marks.set(id, { name, token, form });
    }
  }

  /** Of a node nobody has spoken of it is the first letters of its id. */
  of(id: string): NodeMark {
    return this.marks.get(id) ?? { ...stranger, name: id.slice(0, 6) };
  }
}

const stranger = { token: '--series-7', form: 'circle' } as const;

/** Who shares a colour with another has another form. */
function markAt(index: number): Pick<NodeMark, 'token' | 'form'> {
  const turn = Math.floor(index / colours);
  const form = nodeForms[(index + turn) % nodeForms.length]!;
  return { token: `--series-${(index % colours) + 1}`, form };
}

/** n2 before n10. */
export function byName(a: Pick<Named, 'name'>, b: Pick<Named, 'name'>): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true });
}

/** Those of this page. */
export const nodeMarks = new NodeMarks();
