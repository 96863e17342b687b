/** A key's copies in one table: a column a node, a row a value or a claim of the context. */
import { listed } from '../../parts/listed.js';
import { NodeBadge } from '../../parts/node-badge.tsx';
import type { Cell, Comparison, ContextRow, SiblingRow, Standing } from './comparison.js';
import { ActorName, Dot } from './dot.tsx';
import type { Place } from './where.js';

type NameOf = (id: string) => string;

const cellWords: Readonly<Record<Cell, readonly [sign: string, says: string]>> = {
  held: ['✓', 'holds it'],
  replaced: ['↷', 'has replaced it'],
  unseen: ['·', 'has not seen it'],
  absent: ['∅', 'holds nothing'],
  silent: ['?', 'did not say'],
};

const standingWords: Readonly<Record<Standing, string>> = {
  whole: 'has all',
  behind: 'is behind',
  absent: 'holds nothing',
  silent: 'did not say',
};

export interface CopiesProps {
  readonly comparison: Comparison;
  readonly places: readonly Place[];
  /** Of a node: ids of those it keeps a hint of this key for. */
  readonly owedBy: (id: string) => readonly string[];
  readonly nameOf: NameOf;
}

export function Copies(props: CopiesProps) {
  const { comparison, nameOf } = props;
  const { nodes, siblings, context } = comparison;
  return (
    <table class="copies">
      <thead>
        <tr>
          <th scope="col">Value</th>
          {nodes.map((id, at) => (
            <Head key={id} id={id} standing={comparison.standings[at]!} {...props} />
          ))}
        </tr>
      </thead>
      <tbody>
        {siblings.map((row) => (
          <Value key={row.dot} row={row} nodes={nodes} nameOf={nameOf} />
        ))}
      </tbody>
      {context.length > 0 && (
        <tbody>
          <tr>
            <th scope="rowgroup" colSpan={nodes.length + 1} class="group">
              Context: whose writes it has seen
            </th>
          </tr>
          {context.map((row) => (
            <Claim key={row.actor} row={row} nodes={nodes} nameOf={nameOf} />
          ))}
        </tbody>
      )}
    </table>
  );
}

function Head({
  id,
  standing,
  places,
  owedBy,
  nameOf,
}: CopiesProps & { readonly id: string; readonly standing: Standing }) {
  const place = places.find(({ node }) => node === id);
  const owed = owedBy(id).map(nameOf);
  const isDown = standing === 'silent' && place?.reach === 'down';
  return (
    <th scope="col" class={`copy ${standing}`}>
      <strong>
        <NodeBadge id={id} />
      </strong>{' '}
      <span>{place?.role ?? 'a stray'}</span>
      <br />
      {isDown ? 'is down' : standingWords[standing]}
      {owed.length > 0 && (
        <>
          <br />
          <span class="owes">owes {listed(owed)} a hint</span>
        </>
      )}
    </th>
  );
}

interface RowProps<Row> {
  readonly row: Row;
  readonly nodes: readonly string[];
  readonly nameOf: NameOf;
}

function Value({
  row: { dot, sibling, cells, stands, differs },
  nodes,
  nameOf,
}: RowProps<SiblingRow>) {
  return (
    <tr class={differs ? 'differs' : undefined}>
      <th scope="row">
        <Dot dot={dot} nameOf={nameOf} />{' '}
        <span class="quiet short">{sibling.isTombstone ? 'tombstone' : (sibling.value ?? '')}</span>
        {!stands && <span class="quiet"> (replaced elsewhere)</span>}
      </th>
      {cells.map((cell, i) => (
        <td key={nodes[i]} class={`cell ${cell}`}>
          <span aria-hidden="true">{cellWords[cell][0]}</span>{' '}
          <span class="cell-word">{cellWords[cell][1]}</span>
        </td>
      ))}
    </tr>
  );
}

function Claim({ row: { actor, counters, newest, differs }, nodes, nameOf }: RowProps<ContextRow>) {
  return (
    <tr class={differs ? 'differs' : undefined}>
      <th scope="row">
        <code>
          <ActorName actor={actor} nameOf={nameOf} />
        </code>
      </th>
      {counters.map((counter, i) => (
        <td key={nodes[i]} class={`cell ${claimOf(counter, newest)}`}>
          {claimText(counter)}
        </td>
      ))}
    </tr>
  );
}

function claimOf(counter: number | undefined, newest: number): Cell {
  if (counter === undefined) return 'silent';
  return counter === newest ? 'held' : 'unseen';
}

function claimText(counter: number | undefined): string {
  if (counter === undefined) return '–';
  return counter === 0 ? 'none' : `up to #${counter}`;
}
