/** What the nodes of a key hold of it, side by side. */
import type { KeyCopy, SiblingForm } from '../../insight/key-copies.js';
import type { DotForm } from '../../wire/dot-form.js';
import type { ClusterQuestion } from '../cluster-status.js';
import type { KeyPlace, KeyRow } from '../key-place.js';
import { printable, table } from '../output.js';
import { copyIn } from './copy-answer.js';
import { askInsight } from './insight-question.js';

export interface HeldCopy {
  readonly row: KeyRow;
  /** Undefined: the node does not answer. */
  readonly copy: KeyCopy | undefined;
}

export function copiesOf(question: ClusterQuestion, place: KeyPlace): Promise<HeldCopy[]> {
  const { key, rows } = place;
  return Promise.all(
    rows.map(async (row) => {
      const answer = await askInsight(question, row.id, { ask: 'key', ...key });
      return { row, copy: copyIn(answer) };
    }),
  );
}

/** `nameOf`: of a node's id. */
export function copiesText(copies: readonly HeldCopy[], nameOf: (id: string) => string): string {
  const dotText = ({ node, epoch, counter }: DotForm): string =>
    `${nameOf(node)}/${epoch}:${counter}`;
  const listed = (dots: readonly DotForm[]): string => dots.map(dotText).join(' ') || '-';
  const rows = copies.map(({ row, copy }) => {
    const head = [row.name, row.role];
    if (copy === undefined) return [...head, 'does not answer', '', '', ''];
    if (!copy.held) return [...head, 'nothing', '-', '-', ''];
    const owed = copy.owedTo.map(nameOf).join(' ');
    const values = `${copy.siblings.length} ${copy.siblings.length === 1 ? 'sibling' : 'siblings'}`;
    return [...head, values, listed(copy.dots), listed(copy.context), owed];
  });
  const header = ['NODE', 'ROLE', 'HOLDS', 'DOTS', 'CONTEXT', 'OWES HINTS TO'];
  return [table(header, rows), ...siblingLines(copies, dotText), verdictOf(copies)].join('\n');
}

/** Each write once, whoever holds it. */
function siblingLines(copies: readonly HeldCopy[], dotText: (dot: DotForm) => string): string[] {
  const known = new Map<string, SiblingForm>();
  for (const { copy } of copies)
    for (const sibling of copy?.siblings ?? []) known.set(dotText(sibling.dot), sibling);
  return [...known].map(([dot, { tombstone, bytes, value }]) =>
    tombstone ? `${dot}  deleted` : `${dot}  ${bytes} bytes  ${printable(JSON.stringify(value))}`,
  );
}

function verdictOf(copies: readonly HeldCopy[]): string {
  const owners = copies.filter(({ row }) => row.role !== 'fallback');
  const silent = owners.filter(({ copy }) => copy === undefined);
  const told = owners.filter(({ copy }) => copy !== undefined);
  const states = new Set(told.map(({ copy }) => JSON.stringify([copy!.dots, copy!.context])));
  const away = silent.map(({ row }) => row.name).join(', ');
  const missing = silent.length === 0 ? '' : ` ${away} did not answer.`;
  if (told.length === 0) return `None of its owners says what it holds.${missing}`;
  if (states.size > 1)
    return `The owners hold different states: a get, a hint or a tree exchange will make them equal.${missing}`;
  const siblings = told[0]?.copy?.siblings.length ?? 0;
  const conflict =
    siblings > 1
      ? ` Its ${siblings} writers did not know of each other: put with the context.`
      : '';
  return `The owners that answered hold the same state.${conflict}${missing}`;
}
