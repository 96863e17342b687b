/**
 * Copies of one key side by side: which values who holds, who has seen what, and who is behind.
 * What a merge of all of them would leave is the measure; nobody's copy is taken for the right one.
 */
import type { KeyCopy, SiblingPicture } from '../../../wire.js';
import { listed } from '../../parts/listed.js';
import { claimsOf, counterOf, covers, dotOf, type Claim } from './claims.js';

/**
 * Of a value at a node: it is held; it was replaced there; it has not come there yet; the node
 * holds nothing of the key; it did not say.
 */
export type Cell = 'held' | 'replaced' | 'unseen' | 'absent' | 'silent';

export interface SiblingRow {
  readonly dot: string;
  readonly sibling: SiblingPicture;
  /** In the order of the copies. */
  readonly cells: readonly Cell[];
  /** A merge of all copies would leave it. */
  readonly stands: boolean;
  /** Some node that said what it holds does not hold it. */
  readonly differs: boolean;
}

export interface ContextRow {
  readonly actor: string;
  /** In the order of the copies; undefined: the node holds nothing, or did not say. */
  readonly counters: readonly (number | undefined)[];
  readonly newest: number;
  readonly differs: boolean;
}

/** Of a copy: all there is; something of it is missing; nothing held; it did not say. */
export type Standing = 'whole' | 'behind' | 'absent' | 'silent';

export interface Comparison {
  /** Ids, in the order of the copies. */
  readonly nodes: readonly string[];
  readonly standings: readonly Standing[];
  readonly siblings: readonly SiblingRow[];
  readonly context: readonly ContextRow[];
}

interface Said {
  readonly copy: KeyCopy;
  readonly claims: readonly Claim[];
  readonly dots: ReadonlySet<string>;
}

export function compareCopies(copies: readonly KeyCopy[]): Comparison {
  const said = copies.map((copy): Said => {
    const dots = new Set(copy.siblings.map(({ dot }) => dot));
    return { copy, claims: claimsOf(copy.context), dots };
  });
  const siblings = rowsOf(said);
  const context = contextRows(said);
  return {
    nodes: copies.map(({ node }) => node),
    standings: said.map((one, at) => standingOf(one, { at, siblings, context })),
    siblings,
    context,
  };
}

/** Those that stand first, each by its dot. */
function rowsOf(said: readonly Said[]): SiblingRow[] {
  const known = new Map<string, SiblingPicture>();
  for (const { copy } of said)
    for (const sibling of copy.siblings)
      if (!known.has(sibling.dot)) known.set(sibling.dot, sibling);
  const rows = [...known].map(([dot, sibling]): SiblingRow => {
    const cells = said.map((one) => cellOf(one, dot));
    const stands = !cells.includes('replaced');
    const differs = cells.some((cell) => cell !== 'held' && cell !== 'silent');
    return { dot, sibling, cells, stands, differs };
  });
  return rows.sort(
    (a, b) => Number(b.stands) - Number(a.stands) || (a.dot < b.dot ? -1 : Number(a.dot > b.dot)),
  );
}

function cellOf({ copy, claims, dots }: Said, dot: string): Cell {
  if (copy.error !== undefined) return 'silent';
  if (!copy.isHeld) return 'absent';
  if (dots.has(dot)) return 'held';
  return covers(claims, dotOf(dot)) ? 'replaced' : 'unseen';
}

function contextRows(said: readonly Said[]): ContextRow[] {
  const actors = [...new Set(said.flatMap(({ claims }) => claims.map(({ actor }) => actor)))];
  return actors.sort().map((actor) => {
    const counters = said.map(({ copy, claims }) =>
      copy.error === undefined && copy.isHeld ? counterOf(claims, actor) : undefined,
    );
    const newest = Math.max(...counters.map((counter) => counter ?? 0));
    const differs = counters.some((counter) => counter !== undefined && counter < newest);
    return { actor, counters, newest, differs };
  });
}

function standingOf(
  { copy }: Said,
  all: { at: number; siblings: readonly SiblingRow[]; context: readonly ContextRow[] },
): Standing {
  if (copy.error !== undefined) return 'silent';
  if (!copy.isHeld) return 'absent';
  const { at, siblings, context } = all;
  const holdsAll = siblings.every(({ stands, cells }) => stands === (cells[at] === 'held'));
  const sawAll = context.every(({ counters, newest }) => counters[at] === newest);
  return holdsAll && sawAll ? 'whole' : 'behind';
}

/**
 * Ids of the owners that a node keeps a hint of the key for. A node says whom it owes anything, and
 * whether it is this key: those who have all of it are owed something else.
 */
export function owedBy(
  { nodes, standings }: Comparison,
  copies: readonly KeyCopy[],
  owners: readonly string[],
  holder: string,
): readonly string[] {
  const owed = copies.find(({ node }) => node === holder)?.owedTo ?? [];
  return owed.filter((id) => owners.includes(id) && standings[nodes.indexOf(id)] !== 'whole');
}

/** The comparison in a sentence. `owners`: ids of who is to hold the key; `nameOf`: by id. */
export function sentenceOf(
  { nodes, standings, siblings }: Comparison,
  owners: readonly string[],
  nameOf: (id: string) => string,
): string {
  const who = (standing: Standing): string[] =>
    nodes.filter((id, i) => owners.includes(id) && standings[i] === standing).map(nameOf);
  const [whole, silent] = [who('whole'), who('silent')];
  const behind = [...who('behind'), ...who('absent')];
  const live = siblings.filter(({ stands, sibling }) => stands && !sibling.isTombstone).length;
  const unheard = silent.length === 0 ? '' : ` ${listed(silent)} did not say.`;
  if (whole.length + behind.length === 0) return `No owner says what it holds.${unheard}`;
  if (siblings.length === 0) return `No node holds anything under this key.${unheard}`;
  return `${valuesText(live)} ${agreement({ whole, behind })}${unheard}`;
}

function valuesText(live: number): string {
  if (live === 0) return 'It is deleted: tombstones are left.';
  if (live === 1) return 'It has one value.';
  return `${live} values stand side by side: their authors did not know of each other.`;
}

function agreement({ whole, behind }: { whole: string[]; behind: string[] }): string {
  if (behind.length === 0 && whole.length === 1) return `${whole[0]} has it.`;
  if (behind.length === 0) return `${listed(whole)} hold the same.`;
  const verb = behind.length === 1 ? 'is' : 'are';
  return `${listed(behind)} ${verb} behind: a hint, a read or a tree exchange will bring it.`;
}
