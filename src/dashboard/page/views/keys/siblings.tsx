/** The values that stand, side by side; what not all of them have is marked. */
import type { SiblingPicture } from '../../../wire.js';
import type { Comparison } from './comparison.js';
import { differingParts, type Part } from './differing-parts.js';
import { Dot } from './dot.tsx';

export function Siblings({
  comparison,
  nameOf,
}: {
  readonly comparison: Comparison;
  readonly nameOf: (id: string) => string;
}) {
  const standing = comparison.siblings.filter(({ stands }) => stands);
  if (standing.length === 0) return null;
  const live = standing.filter(({ sibling }) => !sibling.isTombstone);
  const parts = differingParts(live.map(({ sibling }) => sibling.value ?? ''));
  return (
    <ul class="siblings" aria-label={standing.length === 1 ? 'Value' : 'Siblings'}>
      {standing.map((row) => (
        <li key={row.dot} class="card">
          <Value sibling={row.sibling} parts={parts[live.indexOf(row)] ?? []} />
          <p class="quiet small">
            <Dot dot={row.dot} nameOf={nameOf} /> · {sizeText(row.sibling)}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Value({
  sibling,
  parts,
}: {
  readonly sibling: SiblingPicture;
  readonly parts: readonly Part[];
}) {
  if (sibling.isTombstone) return <p class="quiet">deleted (a tombstone)</p>;
  if (sibling.bytes === 0) return <p class="quiet">no bytes</p>;
  return (
    <pre class="value">
      {parts.map(({ text, differs }, i) =>
        differs ? <mark key={i}>{text}</mark> : <span key={i}>{text}</span>,
      )}
    </pre>
  );
}

function sizeText({ bytes }: SiblingPicture): string {
  return bytes === 1 ? '1 byte' : `${bytes.toLocaleString()} bytes`;
}
