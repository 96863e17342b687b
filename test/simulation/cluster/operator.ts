/**
 * Who runs the cluster: asks a node for changes of the membership, and of several there may be two.
 *
 *   change add=n4,n5 leave=n1 remove=n2 weight=n3:2 host=n3:h zone=n3:b  a plan, which is applied
 *   change add=n4 replace=n2:n5,n3~:n3                                  n5 comes in the stead of n2
 *   change leave n1 · change remove n2 · change replace n2 n4            the same, of one alone
 *   change cancel                                                       of the move under way
 *   change recover                                those who are left go on without the others
 *
 * `n2~` is who n2 was before its directory was wiped: `change replace n2~ n2`.
 *
 * A plan is made by the node that is asked and names the configuration it was made on; what was
 * planned is what is applied, or nothing. So does what a recovery would come to.
 */
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import type { Command } from '../core/commands.js';
import type { SimCluster } from './sim-cluster.js';
import type { SimNode } from './sim-node.js';

const againUs = 1_500_000;
const triesMax = 40;

/** Where a member is to stand from now on; what is not said stays. */
export interface NewPlace {
  readonly name: string;
  readonly weight?: number;
  readonly host?: string;
  readonly zone?: string;
}

export type Change =
  | {
      readonly kind: 'plan';
      readonly add: readonly string[];
      readonly leave: readonly string[];
      readonly remove: readonly string[];
      readonly replace: readonly { readonly old: string; readonly by: string }[];
      readonly places: readonly NewPlace[];
    }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'recover' };

export type Plan = Readonly<Record<string, unknown>>;

/** What a node shows of a recovery. */
export interface ShownRecovery {
  readonly from: number;
  readonly lost: readonly string[];
}

/** What a node is asked for. */
export type Wanted = Change | { readonly apply: Plan } | { readonly recover: ShownRecovery };

/** What a node said: a plan, that it is done, or why not. */
export interface ChangeAnswer {
  readonly plan?: Plan;
  readonly recovery?: ShownRecovery;
  readonly number?: number;
  readonly error?: string;
}

/** Throws on what is none. */
export function changeOf({ text, args, options }: Command): Change {
  const [kind, ...names] = args;
  const named = (option: string): string[] =>
    (options[option] ?? '').split(',').filter((name) => name !== '');
  const places = (['weight', 'host', 'zone'] as const).flatMap((what) =>
    named(what).map((part): NewPlace => {
      const [name = '', value = ''] = part.split(':');
      return { name, [what]: what === 'weight' ? Number(value) : value };
    }),
  );
  const plan = {
    kind: 'plan',
    add: named('add'),
    leave: named('leave'),
    remove: named('remove'),
    replace: named('replace').map((part) => {
      const [old = '', by = ''] = part.split(':');
      return { old, by };
    }),
    places,
  } as const;
  switch (kind) {
    case undefined:
      if (wishesIn(plan) > 0) return plan;
      break;
    case 'cancel':
    case 'recover':
      return { kind };
    case 'leave':
    case 'remove':
      if (names.length > 0) return { ...plan, [kind]: names };
      break;
    case 'replace':
      if (names.length === 2) return { ...plan, replace: [{ old: names[0]!, by: names[1]! }] };
      break;
  }
  throw new Error(`no such change: ${text}`);
}

/** Of what was shown, that it be done; undefined: it was none, and is all there is to it. */
export function nextOf({ plan, recovery }: ChangeAnswer): Wanted | undefined {
  if (plan !== undefined) return { apply: plan };
  return recovery && { recover: recovery };
}

/** `answered`: with what the node said; not at all when it says nothing. */
export function askForChange(
  cluster: SimCluster,
  asked: { readonly via: SimNode; readonly change: Wanted },
  answered: (answer: ChangeAnswer) => void,
): void {
  const { via, change } = asked;
  const body = bodyOf(cluster, change);
  if (body === undefined) return answered({ error: 'a node that is named has never been there' });
  const gone = loneRemoval(change);
  if (gone !== undefined) {
    ask(cluster, { via, verb: 'remove', body: idOf(cluster, gone) }, (text) =>
      answered(
        text === undefined ? { error: 'nobody is there' } : (JSON.parse(text) as ChangeAnswer),
      ),
    );
    return;
  }
  ask(cluster, { via, verb: 'change', body: JSON.stringify(body) }, (text) =>
    answered(
      text === undefined ? { error: 'nobody is there' } : (JSON.parse(text) as ChangeAnswer),
    ),
  );
}

/** Plans and applies, or cancels; asks one node after the other until it is done. */
export function changeInTheEnd(
  cluster: SimCluster,
  change: Change,
  isOff: () => boolean,
  done: () => void = () => undefined,
): void {
  let isDone = false;
  const note = (node: SimNode, text: string): void =>
    cluster.trace.add(cluster.scheduler.nowUs, 'operator', `${node.name} says ${text}`);
  const heard = (via: SimNode, answer: ChangeAnswer): void => {
    note(via, JSON.stringify(answer).slice(0, 200));
    if (isDone) return;
    const next = nextOf(answer);
    if (next !== undefined) {
      askForChange(cluster, { via, change: next }, (said) => heard(via, said));
    } else if (answer.error === undefined) {
      isDone = true;
      done();
    }
  };
  const attempt = (tries: number): void => {
    if (isOff() || isDone || tries >= triesMax) return;
    const able = cluster.members.filter(({ ready }) => ready);
    const via = able[tries % Math.max(1, able.length)];
    if (via !== undefined) askForChange(cluster, { via, change }, (said) => heard(via, said));
    cluster.scheduler.in(againUs, undefined, () => attempt(tries + 1));
  };
  attempt(0);
}

function wishesIn({
  add,
  leave,
  remove,
  replace,
  places,
}: Extract<Change, { readonly kind: 'plan' }>): number {
  return add.length + leave.length + remove.length + replace.length + places.length;
}

/** Whoever is gone for good, where nothing else is asked for: that needs no plan. */
function loneRemoval(change: Wanted): string | undefined {
  if (!('kind' in change) || change.kind !== 'plan') return undefined;
  const { remove } = change;
  return wishesIn(change) === 1 ? remove[0] : undefined;
}

/** Who goes by names asks for ids; undefined: one is not known. */
function bodyOf(cluster: SimCluster, change: Wanted): object | undefined {
  if ('apply' in change) return { ask: 'apply', plan: change.apply };
  if ('recover' in change) {
    const { from, lost } = change.recover;
    return { ask: 'recover', from, lost };
  }
  if (change.kind === 'cancel') return { ask: 'cancel' };
  if (change.kind === 'recover') return { ask: 'recovery' };
  const { add, leave, remove, replace, places } = change;
  const replaced = replace.flatMap(({ old, by }) => [old, by]);
  const names = [...add, ...leave, ...remove, ...replaced, ...places.map(({ name }) => name)];
  if (names.some((name) => idOf(cluster, name) === '')) return undefined;
  const idsOf = (named: readonly string[]): string[] => named.map((name) => idOf(cluster, name));
  return {
    ask: 'plan',
    add: idsOf(add),
    leave: idsOf(leave),
    remove: idsOf(remove),
    replace: replace.map(({ old, by }) => ({ old: idOf(cluster, old), by: idOf(cluster, by) })),
    places: places.map(({ name, weight, host, zone }) => {
      return { id: idOf(cluster, name), weight, host, zone };
    }),
  };
}

/**
 * '' while it is not known. Of who was wiped, the one it was: that is who is to be replaced. Such a
 * one may be named by its id as well: its name is another's.
 */
function idOf(cluster: SimCluster, name: string): string {
  if (cluster.nodes.some(({ wipedId }) => wipedId === name)) return name;
  const isFormer = name.endsWith('~');
  const bare = isFormer ? name.slice(0, -1) : name;
  const node = cluster.nodes.find(({ name: own, lastId }) => own === bare || lastId === bare);
  return (isFormer ? node?.wipedId : node?.lastId) ?? '';
}

/** `answered`: with what the node said, as JSON; not at all when it says nothing. */
export function askToRemove(
  cluster: SimCluster,
  { target, via }: { readonly target: SimNode; readonly via: SimNode },
  answered: (answer: string) => void,
): void {
  ask(cluster, { via, verb: 'remove', body: target.lastId }, (answer = 'nobody is there') => {
    if (answer.includes('"confirmed"')) target.isRemoved = true;
    answered(answer);
  });
}

/** `answered`: undefined, nobody is there. */
function ask(
  cluster: SimCluster,
  question: { readonly via: SimNode; readonly verb: string; readonly body: string },
  answered: (answer: string | undefined) => void,
): void {
  const { bus } = cluster.client(`operator${cluster.nextOperator()}`);
  const reply = bus.inbox();
  bus.subscribe(reply, ({ data, noResponders }) =>
    answered(noResponders ? undefined : Buffer.from(data).toString()),
  );
  const { via, verb, body } = question;
  bus.publish(`_${nodeOptionsDefault.prefix}.${via.lastId}.${verb}`, Buffer.from(body), { reply });
}

/** Asks one node after the other until it is done, or somebody has thought better of it. */
export function removeInTheEnd(cluster: SimCluster, target: SimNode, isOff: () => boolean): void {
  const attempt = (tries: number): void => {
    if (isOff() || target.isRemoved || tries >= triesMax) return;
    const able = cluster.nodes.filter((node) => node.ready && node !== target);
    const via = able[tries % Math.max(1, able.length)];
    const note = (text: string): void =>
      cluster.trace.add(cluster.scheduler.nowUs, 'operator', `${target.name} ${text}`);
    if (via !== undefined) askToRemove(cluster, { target, via }, note);
    cluster.scheduler.in(againUs, undefined, () => attempt(tries + 1));
  };
  attempt(0);
}
