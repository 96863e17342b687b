/** The tables of a key's copies: a column a node, a row a value or a claim of the context. */
import type { Cell, Comparison, Standing } from './comparison.js';
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

export function Copies({
  comparison: { nodes, standings, siblings },
  places,
  nameOf,
}: {
  readonly comparison: Comparison;
  readonly places: readonly Place[];
  readonly nameOf: NameOf;
}) {
  const roleOf = (id: string): string => places.find(({ node }) => node === id)?.role ?? 'a stray';
  return (
    <table class="copies">
      <thead>
        <tr>
          <th scope="col">Value</th>
          {nodes.map((id, i) => (
            <th key={id} scope="col" class={`copy ${standings[i]}`}>
              <strong>{nameOf(id)}</strong> <span>{roleOf(id)}</span>
              <br />
              {standingWords[standings[i]!]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {siblings.map(({ dot, sibling, cells, stands, differs }) => (
          <tr key={dot} class={differs ? 'differs' : undefined}>
            <th scope="row">
              <Dot dot={dot} nameOf={nameOf} />{' '}
              <span class="quiet short">
                {sibling.isTombstone ? 'tombstone' : (sibling.value ?? '')}
              </span>
              {!stands && <span class="quiet"> (replaced elsewhere)</span>}
            </th>
            {cells.map((cell, i) => (
              <td key={nodes[i]} class={`cell ${cell}`}>
                <span aria-hidden="true">{cellWords[cell][0]}</span>{' '}
                <span class="cell-word">{cellWords[cell][1]}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Contexts({
  comparison: { nodes, context },
  nameOf,
}: {
  readonly comparison: Comparison;
  readonly nameOf: NameOf;
}) {
  if (context.length === 0) return null;
  return (
    <table class="copies">
      <thead>
        <tr>
          <th scope="col">Context: has seen the writes of</th>
          {nodes.map((id) => (
            <th key={id} scope="col">
              {nameOf(id)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {context.map(({ actor, counters, newest, differs }) => (
          <tr key={actor} class={differs ? 'differs' : undefined}>
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
        ))}
      </tbody>
    </table>
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
