/**
 * Changes of the membership, drawn from a seed.
 *
 *   70.000 join n6          started with an empty directory, and taken in by itself
 *   80.000 leave n2         hands on what it holds, and ends by itself
 *   90.000 weight n1 3      its share of the data, from then on
 *  100.000 wipe n3          SIGKILL, and its directory is gone
 *  104.000 replace n3 n7    another one in its stead, or itself with an empty disk: `n3 n3`
 *  120.000 remove n4        SIGKILL, never to be started again; the others go on without it
 *  121.000 cancel           what the change before has begun is taken back
 *
 * One is carried out after the other, each as soon as its time has come.
 */
import { SimRandom } from '../../simulation/core/sim-random.js';
import { calmMs, type Trouble } from '../trouble.js';

export const changeVerbs = [
  'join',
  'leave',
  'weight',
  'wipe',
  'replace',
  'remove',
  'cancel',
] as const;

export interface ChangesOptions {
  readonly seed: string;
  readonly durationMs: number;
  readonly founders: readonly string[];
  /** Cancels are not counted, they belong to what they take back. */
  readonly count: number;
}

type Kind = 'join' | 'leave' | 'weight' | 'replace' | 'remove';

/** As many come as go: of four that join one is cancelled. */
const deck: readonly Kind[] = [
  'join',
  'join',
  'join',
  'join',
  'leave',
  'leave',
  'weight',
  'weight',
  'replace',
  'replace',
  'remove',
];
/** N and one to stand in, so that one may be away at any time. */
export const membersMin = 4;
const membersMax = 8;
const weightMax = 4;

export function isChange({ words: [verb] }: Pick<Trouble, 'words'>): boolean {
  return changeVerbs.some((known) => known === verb);
}

/** Kinds, nodes and times depend on the seed and the options alone. */
export function drawChanges(options: ChangesOptions): Trouble[] {
  const { durationMs, founders, count } = options;
  const random = new SimRandom(`changes ${options.seed}`);
  const cast = new Cast(founders);
  const everyMs = (durationMs - 2 * calmMs) / count;
  const changes: Trouble[] = [];
  const kinds: Kind[] = [];
  for (let i = 0; i < count; i++) {
    // What can't be played now is the first to be when it can.
    if (!kinds.some((kind) => cast.canPlay(kind))) kinds.push(...random.shuffled(deck));
    const kind = kinds.splice(
      kinds.findIndex((kind) => cast.canPlay(kind)),
      1,
    )[0]!;
    let atMs = Math.round(calmMs + everyMs * i + random.below(Math.ceil(everyMs / 2)));
    for (const words of cast.play(kind, random)) {
      changes.push({ atMs, forMs: 0, words });
      atMs += random.between(300, 3_000);
    }
  }
  return changes.sort((a, b) => a.atMs - b.atMs);
}

/** Who may run at a time, as far as the schedule tells. */
export function nodesAt(
  changes: readonly Trouble[],
  founders: readonly string[],
  atMs: number,
): string[] {
  const nodes = new Set(founders);
  let last: string | undefined;
  for (const { atMs: changedMs, words } of changes) {
    if (changedMs > atMs) break;
    const [verb, node = '', by = ''] = words;
    if (verb === 'join') nodes.add(node);
    else if (verb === 'replace') nodes.add(by);
    else if (verb === 'cancel' && last !== undefined) nodes.add(last);
    else if (verb !== 'weight') nodes.delete(node);
    last = node;
  }
  return [...nodes];
}

/** Nodes that no founder is named like, in the order in which they come. */
export function comersIn(schedule: readonly Trouble[], founders: readonly string[]): string[] {
  const named = schedule.flatMap(({ words: [verb, node, by] }) => {
    if (verb === 'join') return [node!];
    return verb === 'replace' ? [by!] : [];
  });
  return [...new Set(named)].filter((node) => !founders.includes(node));
}

/** Members for certain: what is cancelled may have happened or not, and is left alone from then. */
class Cast {
  private readonly members: string[];
  private named: number;

  constructor(founders: readonly string[]) {
    this.members = [...founders];
    this.named = founders.length;
  }

  canPlay(kind: Kind): boolean {
    if (kind === 'join') return this.members.length < membersMax;
    return kind === 'leave' || kind === 'remove' ? this.members.length > membersMin : true;
  }

  play(kind: Kind, random: SimRandom): string[][] {
    const isCancelled = kind !== 'replace' && kind !== 'remove' && random.below(4) === 0;
    const cancel = isCancelled ? [['cancel']] : [];
    if (kind === 'join') {
      const node = this.newName();
      if (!isCancelled) this.members.push(node);
      return [['join', node], ...cancel];
    }
    const node = random.pick(this.members);
    if (kind === 'weight')
      return [['weight', node, String(random.between(1, weightMax))], ...cancel];
    if (kind === 'replace') {
      const by = random.below(2) === 0 ? node : this.newName();
      this.members.splice(this.members.indexOf(node), 1, by);
      return [
        ['wipe', node],
        ['replace', node, by],
      ];
    }
    this.members.splice(this.members.indexOf(node), 1);
    return [[kind, node], ...cancel];
  }

  private newName(): string {
    this.named++;
    return `n${this.named}`;
  }
}
