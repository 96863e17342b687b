/**
 * What a scenario expects of a cluster that changes, by the newest configuration that anybody has:
 *
 *   expect members => n1 n2 n4       who owns partitions, without those that were removed
 *   expect becoming => n1 n2 n4      who does once the move is over; `nothing` while nothing moves
 *   expect leaving => n3             who hands on what it has · expect removed => n3
 *   expect moved => all | none | some   partitions that have
 *   expect steps => begin moved …    so far, each run of equal ones as one
 *   expect owners b/k => n1 n2 n4    of a key, and in `becoming-owners` of those it moves to
 *   expect knows n3 => newest | older | nothing
 *   expect holds n3 b/k => yes | no  looked up in its store
 *   expect stray => nothing          no member holds what is not its own
 *   expect departed n3 => yes | no   its process has ended by itself and is not of the cluster
 */
import type { Configuration, Place } from '../../../actors/rules/configuration.js';
import type { Step } from '../oracle/step-rules.js';

/** What is asked of a cluster beside its configuration; nodes by their names. */
export interface ChangeView {
  readonly newest: Configuration | undefined;
  readonly steps: readonly Step[];
  nameOf(id: string): string;
  owners(name: string): { readonly before: readonly string[]; readonly after: readonly string[] };
  /** The number of the configuration it was last seen to have; 0: none. */
  numberOf(node: string): number;
  /** undefined: nobody can look. */
  holds(node: string, name: string): boolean | undefined;
  stray(): string | undefined;
  hasDeparted(node: string): boolean;
}

/** undefined: it is as expected. */
export function unexpected(
  args: readonly string[],
  expected: readonly string[],
  view: ChangeView,
): string | undefined {
  const [what = '', ...of] = args;
  const look = looks[what];
  if (look === undefined) throw new Error(`expect what? ${what}`);
  const is = look(view, of);
  return is === expected.join(' ') || (is === '' && expected.length === 0)
    ? undefined
    : `is ${is === '' ? 'nobody' : is}`;
}

type Look = (view: ChangeView, of: readonly string[]) => string;

const looks: Readonly<Record<string, Look>> = {
  members: (view) => {
    const { members = [], removed = [] } = view.newest ?? {};
    return named(
      view,
      idsOf(members).filter((id) => !removed.includes(id)),
    );
  },
  becoming: (view) => {
    const move = view.newest?.move;
    return move === undefined ? 'nothing' : named(view, idsOf(move.members));
  },
  leaving: (view) => named(view, view.newest?.leaving ?? []),
  removed: (view) => named(view, view.newest?.removed ?? []),
  moved: ({ newest }) => {
    const count = newest?.move?.moved.length ?? 0;
    if (count === 0) return 'none';
    return count === newest?.partitions ? 'all' : 'some';
  },
  steps: ({ steps }) => steps.filter((step, i) => step !== steps[i - 1]).join(' '),
  owners: (view, [name = '']) => view.owners(name).before.toSorted().join(' '),
  'becoming-owners': (view, [name = '']) => view.owners(name).after.toSorted().join(' '),
  knows: (view, [node = '']) => {
    const number = view.numberOf(node);
    if (number === 0) return 'nothing';
    return number === view.newest?.number ? 'newest' : 'older';
  },
  holds: (view, [node = '', name = '']) => yesOrNo(view.holds(node, name)),
  stray: (view) => view.stray() ?? 'nothing',
  departed: (view, [node = '']) => yesOrNo(view.hasDeparted(node)),
};

function yesOrNo(is: boolean | undefined): string {
  return is === undefined ? 'unknown' : is ? 'yes' : 'no';
}

function named(view: ChangeView, ids: readonly string[]): string {
  return ids
    .map((id) => view.nameOf(id))
    .sort()
    .join(' ');
}

function idsOf(places: readonly Place[]): string[] {
  return places.map(({ id }) => id);
}
