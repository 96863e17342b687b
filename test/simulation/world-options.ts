/**
 * What a seed stands for: the shape of the cluster, the work, and the faults that befall it. Drawn
 * here, printed on failure.
 */
import type { BucketOptions } from '../../actors/rules/bucket.js';
import { SimRandom } from './core/sim-random.js';
import { durationText } from './core/commands.js';
import type { ClusterOptions } from './cluster/sim-cluster.js';
import { limits } from '../../actors/rules/limits.js';
import { clusterOptionsDefault } from './cluster/sim-cluster.js';
import { withChanges, type ChangesDrawn } from './world-changes.js';
import { withData } from './world-data.js';
import { withExtras } from './world-extras.js';
import type { BucketUse, WorkBucket, WorkOptions } from './workload/work-client.js';
import type { TimedFault, WorldOptions } from './world-shape.js';

export type { TimedFault, WorldOptions } from './world-shape.js';

/**
 * About so many requests a seed, at most: few requests and many seeds find more than many requests
 * and few seeds.
 */
const requestsMax = 300;

const uses: readonly BucketUse[] = [
  'blind',
  'siblings',
  'sets',
  'counters',
  'piles',
  'lww',
  'expiring',
];

/**
 * At the end of a seed that draws what is newer than the seeds that are known for something
 * (`world-extras.ts`).
 */
export const moreMark = '+';

/** At the end of a seed in which more is done with data (`world-data.ts`). */
export const dataMark = '^';

/** At the end of a seed in which the membership of the cluster changes (`world-changes.ts`). */
export const changesMark = '~';

/**
 * Most seeds draw everything on its own; some draw a kind of trouble whose parts would rarely meet
 * by chance.
 */
export function drawWorld(seed: string): WorldOptions {
  const { kind, random } = drawKind(seed);
  const any = drawAny(seed);
  const world = kind === undefined ? any : kinds[kind].draw(any, random);
  const drawn = withLoss(withStrands(withHolds(withWipe(withHintAge(withTurns(world))))));
  if (seed.endsWith(changesMark)) return withChanges(drawn, changesDrawn);
  if (seed.endsWith(dataMark)) return withData(drawn);
  return seed.endsWith(moreMark) ? withExtras(drawn) : drawn;
}

/**
 * Messages lie in routes for seconds, longer than anybody waits, and then arrive; also at a process
 * that was started meanwhile.
 */
function withHolds(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`holds of ${world.seed}`);
  const { cluster, clients, workUs, faults } = world;
  if (faults.length === 0 || random.below(6) > 0) return world;
  const holds = Array.from({ length: random.between(1, 5) }, (): TimedFault => {
    const to = nodeName(random, cluster);
    const from = random.pick([nodeName(random, cluster), `c${random.between(1, clients)}`]);
    const atUs = random.below(workUs);
    return { atUs, text: `hold ${from} ${to} for=${time(random, 500, 30_000)}` };
  });
  return remembering({ ...world, faults: sorted([...faults, ...holds]) });
}

/** Connections of nodes that are dead before anybody knows. */
function withStrands(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`strands of ${world.seed}`);
  const { cluster, workUs, faults } = world;
  if (faults.length === 0 || random.below(6) > 0) return world;
  const strands = Array.from({ length: random.between(1, 3) }, (): TimedFault => {
    const times = `for=${time(random, 200, 7_000)} late=${time(random, 200, 30_000)}`;
    return {
      atUs: random.below(workUs),
      text: `strand ${nodeName(random, cluster)} ${times}`,
    };
  });
  return remembering({ ...world, faults: sorted([...faults, ...strands]) });
}

/**
 * Deletes are remembered for longer than anything lies in a route: the product assumes it, or a
 * copy of what was deleted comes back.
 */
function remembering(world: WorldOptions): WorldOptions {
  return { ...world, cluster: { ...world.cluster, tombstoneGraceMs: 3_600_000 } };
}

/** Authors that look at nothing but their own last put: each must replace what it wrote itself. */
function withTurns(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`turns of ${world.seed}`);
  if (random.below(3) > 0) return world;
  const { work } = world;
  const buckets = work.buckets.map((bucket): WorkBucket =>
    bucket.use === 'siblings' ? { ...bucket, use: 'turns' } : bucket,
  );
  return { ...world, work: { ...work, buckets } };
}

/** Hints that grow old within a seed, so that they are re-homed. */
function withHintAge(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`hint age of ${world.seed}`);
  if (!world.disksKeep || random.below(4) > 0) return world;
  return { ...world, cluster: { ...world.cluster, hintAgeMs: random.pick([2_000, 10_000]) } };
}

/**
 * One node loses its directory, and comes back as a new one. Only one, and where N and W are 2 or
 * more: then what two nodes acknowledged must still be there. Hints do not grow old before the end
 * of the work: with N = 2, re-homing one leaves one copy.
 */
function withWipe(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`wipe of ${world.seed}`);
  const { cluster, work, workUs, disksKeep, faults } = world;
  const mayLose = disksKeep && faults.length > 0 && work.buckets.every(({ n }) => n > 1);
  if (!mayLose || random.below(6) > 0) return world;
  const node = nodeName(random, cluster);
  const wipe = { atUs: random.below(workUs), text: `wipe ${node} for=${time(random, 50, 8000)}` };
  // As an operator would do it, and as a broken disk does.
  const stop = { atUs: Math.max(0, wipe.atUs - 1e6), text: `stop ${node}` };
  const loss = random.below(2) === 0 ? [stop, wipe] : [wipe];
  const hintAgeMs = 15_000 + workUs / 1000;
  return {
    ...world,
    cluster: { ...cluster, hintAgeMs },
    faults: sorted([...faults, ...loss]),
  };
}

/**
 * One node is gone for good, or seems to be: an operator removes it, and some time later it is back
 * with what it had. As with a wiped directory what two nodes acknowledged must still be there. Not
 * where clocks jump: one that is wrong is outvoted by two, and who was removed has no voice.
 */
function withLoss(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`loss of ${world.seed}`);
  const { cluster, work, workUs, disksKeep, faults } = world;
  const isOther = faults.some(({ text }) => text.startsWith('wipe ') || text.startsWith('clock '));
  const mayLose = disksKeep && faults.length > 0 && !isOther && cluster.nodes > 2;
  if (!mayLose || work.buckets.some(({ n }) => n < 2) || random.below(6) > 0) return world;
  const how = random.below(2) === 0 ? ' cut' : '';
  const text = `lose ${nodeName(random, cluster)}${how} for=${time(random, 8_000, 40_000)}`;
  const hintAgeMs = 45_000 + workUs / 1000;
  return {
    ...world,
    cluster: { ...cluster, hintAgeMs },
    faults: sorted([...faults, { atUs: random.below(workUs / 2), text }]),
  };
}

/**
 * By how much times that nodes stamp may differ. One clock that jumps is seen against the others,
 * as long as its node is not started anew while it hears of nobody; several that do, or one of two,
 * may be a majority.
 */
export function wallSkewUsOf({ seed, faults, jumper }: WorldOptions): number {
  if (!faults.some(({ text }) => text.startsWith('clock '))) return 0;
  const jumpsAlone = jumper !== undefined || kindOf(seed) === 'jumping';
  return jumpsAlone && !faults.some(({ text }) => text.startsWith('wipe '))
    ? 2 * limits.wallSkewMsMax * 1000
    : Infinity;
}

export type WorldKind = keyof typeof kinds;

/** undefined: everything on its own. */
export function kindOf(seed: string): WorldKind | undefined {
  return drawKind(seed).kind;
}

function drawKind(seed: string): { kind: WorldKind | undefined; random: SimRandom } {
  const random = new SimRandom(`kind of ${seed}`);
  let share = random.below(100);
  const names = Object.keys(kinds) as WorldKind[];
  const kind = names.find((name) => (share -= kinds[name].share) < 0);
  return { kind, random };
}

/** How many of a hundred seeds are of each. */
const kinds = {
  forgetful: { share: 12, draw: forgetful },
  wandering: { share: 12, draw: wandering },
  burying: { share: 8, draw: burying },
  lagging: { share: 8, draw: lagging },
  calm: { share: 6, draw: calm },
  founding: { share: 6, draw: founding },
  jumping: { share: 4, draw: jumping },
} as const;

function drawAny(seed: string): WorldOptions {
  const random = new SimRandom(`world ${seed}`);
  const nodes = random.pick([3, 3, 3, 3, 4, 4, 5, 5, 5, 6, 7, 9]);
  const workUs = random.between(10, 60) * 1e6;
  const clients = random.between(1, 5);
  const buckets = drawBuckets(random.fork('buckets'), nodes);
  const cluster: ClusterOptions = {
    ...clusterOptionsDefault,
    seed,
    nodes,
    partitions: random.pick([4, 8, 16, 32]),
    mapping: random.below(5) > 0,
    durability: { kind: 'sync' },
    buckets: settingsOf(buckets),
    latencyUs: random.pick([50, 200, 200, 1000, 5000]),
    syncUs: random.pick([100, 400, 400, 2000, 10_000]),
    commitUs: random.pick([3_000, 3_000, 30_000, 300_000]),
    restartUs: random.between(200, 3000) * 1000,
    storeBounds: random.pick([
      {},
      { memtableBytesMax: 8_000, logSegmentBytesMax: 6_000, cacheBytesMax: 2_000 },
      { memtableBytesMax: 60_000, logSegmentBytesMax: 20_000, cacheBytesMax: 20_000 },
    ]),
    tombstoneGraceMs: random.pick([2_000, 30_000, 3_600_000]),
  };
  const work: WorkOptions = {
    buckets,
    thinkUs: Math.max(
      random.pick([30_000, 200_000, 500_000, 1_000_000]),
      Math.round((clients * workUs) / requestsMax),
    ),
    timeoutMs: random.pick([300, 1000, 3000]),
    strictPpm: random.pick([0, 200_000, 1_000_000]),
    quorumPpm: random.pick([0, 300_000]),
    hotPpm: random.pick([0, 300_000, 800_000]),
    deletePpm: random.pick([0, 100_000, 300_000]),
    valueBytesMax: random.pick([32, 200, 5_000]),
  };
  const { faults, disksKeep } = drawFaults(random.fork('faults'), { nodes, workUs, clients });
  const away = random.below(3) === 0 ? random.between(1, Math.ceil(nodes / 3)) : 0;
  const core = random.shuffled(namesOf(nodes)).slice(away);
  const frameClients = random.below(3) === 0 ? 0 : random.between(0, clients);
  return {
    seed,
    cluster,
    work,
    clients,
    frameClients,
    workUs,
    core,
    faults,
    bootFaults: [],
    firstVoterFaults: [],
    disksKeep,
  };
}

/**
 * Nodes lose what they had not synced and go on at once with the few keys everyone writes: whoever
 * mints under an old actor gives away dots that others have seen (actors/README.md, history 1),
 * whoever acknowledges too early is found out.
 */
function forgetful(world: WorldOptions, random: SimRandom): WorldOptions {
  const nodes = random.pick([3, 3, 4]);
  const workUs = random.between(8, 20) * 1e6;
  const use = random.pick<BucketUse>(['blind', 'siblings']);
  const n = random.pick([1, 2, 3, 3, 3]);
  const faults: TimedFault[] = [];
  for (let atUs = 1e6; atUs < workUs; atUs += random.between(500, 2500) * 1000) {
    const node = nodeName(random, { nodes });
    const lostUs = random.between(20, 600) * 1000;
    const back = `lose=all for=${time(random, 20, 400)}`;
    // What is written from here on is known to others, and not to its own disk.
    if (random.below(4) > 0) faults.push({ atUs, text: `stall ${node}` });
    const crash = random.below(4) === 0 ? `blackout ${back}` : `crash ${node} ${back}`;
    faults.push({ atUs: atUs + lostUs, text: crash });
    faults.push({ atUs: atUs + lostUs, text: `release ${node}` });
    if (random.below(3) === 0)
      faults.push({
        atUs: atUs + lostUs,
        text: `isolate ${node} silent for=${time(random, 200, 1500)}`,
      });
    if (random.below(3) === 0) {
      atUs += lostUs + 1e6;
      const stopped = nodeName(random, { nodes });
      faults.push({ atUs, text: `stop ${stopped} for=${time(random, 50, 500)}` });
    }
  }
  const storeBounds = { memtableBytesMax: 8_000, logSegmentBytesMax: 6_000, cacheBytesMax: 2_000 };
  return special(world, {
    cluster: {
      nodes,
      latencyUs: random.pick([50, 200]),
      commitUs: random.pick([3_000, 300_000]),
      storeBounds,
    },
    buckets: [bucketOf(use, { n, keys: random.pick([1, 2, 20]) })],
    work: { valueBytesMax: 200, deletePpm: 0, strictPpm: random.pick([0, 1_000_000]) },
    workUs,
    faults,
  });
}

/**
 * The same nodes are cut off from the rest again and again, so that the same fallbacks take a key,
 * hand it off, forget it and take it once more (actors/README.md, history 2).
 */
function wandering(world: WorldOptions, random: SimRandom): WorldOptions {
  const nodes = random.pick([4, 4, 5]);
  const workUs = random.between(30, 60) * 1e6;
  const use = random.pick<BucketUse>(['siblings', 'siblings', 'piles', 'sets', 'blind']);
  const side = random.shuffled(namesOf(nodes)).slice(0, 2);
  const faults: TimedFault[] = [];
  const pauseMs = random.pick([500, 1500, 3000]);
  for (let atUs = 1e6; atUs < workUs;) {
    const awayMs = random.between(500, 6000);
    const cut = cutKind(random);
    faults.push({ atUs, text: `divide ${[...side].sort().join(',')} ${cut} for=${awayMs}ms` });
    // One of them stays away a little longer.
    const healedUs = atUs + awayMs * 1000;
    const last = random.pick(side);
    if (random.below(3) === 0)
      faults.push({
        atUs: healedUs + 1,
        text: `isolate ${last} ${cut} for=${time(random, 100, 2000)}`,
      });
    if (random.below(6) === 0)
      faults.push({
        atUs,
        text: `stop ${nodeName(random, { nodes })} for=${time(random, 50, 3000)}`,
      });
    atUs = healedUs + random.between(pauseMs, 2 * pauseMs) * 1000;
  }
  return special(world, {
    cluster: { nodes },
    buckets: [bucketOf(use, { n: random.pick([1, 2, 2]), keys: 1 })],
    work: { strictPpm: random.pick([0, 0, 500_000]) },
    workUs,
    faults,
  });
}

/**
 * Deletes, tombstones that are collected soon, and nodes that were away meanwhile and still hold
 * what was deleted.
 */
function burying(world: WorldOptions, random: SimRandom): WorldOptions {
  const nodes = random.pick([3, 4, 5]);
  const n = Math.min(nodes - 1, random.pick([2, 3]));
  const workUs = random.between(30, 60) * 1e6;
  const use = random.pick<BucketUse>(['siblings', 'siblings', 'blind']);
  const faults: TimedFault[] = [];
  for (let atUs = 1e6; atUs < workUs;) {
    const [first, second] = random.shuffled(namesOf(nodes)) as [string, string];
    const cut = cutKind(random);
    const awayMs = random.between(300, 2000);
    faults.push({ atUs, text: `isolate ${first} ${cut} for=${awayMs}ms` });
    // Who has taken a hint for it goes away before it can deliver, or can't reach that one node.
    atUs += (awayMs - 100) * 1000;
    const longMs = random.between(2000, 10_000);
    const text = random.pick([
      `isolate ${second} ${cut} for=${longMs}ms`,
      `cut ${second} ${first} silent for=${longMs}ms`,
      `pause ${second} for=${longMs}ms`,
      `crash ${second} for=${longMs}ms`,
    ]);
    faults.push({ atUs, text });
    atUs += (longMs + random.between(100, 5000)) * 1000;
  }
  return special(world, {
    cluster: { nodes, tombstoneGraceMs: random.pick([200, 1000, 2000]) },
    buckets: [bucketOf(use, { n, keys: random.pick([5, 20, 40]) })],
    work: { deletePpm: random.pick([300_000, 500_000]), strictPpm: 0, hotPpm: 0 },
    workUs,
    faults,
  });
}

/**
 * Messages get lost, so now and then a primary has not heard of a write yet when it coordinates the
 * next.
 */
function lagging(world: WorldOptions, random: SimRandom): WorldOptions {
  const nodes = random.pick([3, 4, 5]);
  const workUs = random.between(10, 30) * 1e6;
  const use = random.pick<BucketUse>(['siblings', 'sets', 'counters', 'lww']);
  const loss = random.pick([20_000, 100_000, 200_000]);
  const faults: TimedFault[] = [
    { atUs: 1, text: `noise loss=${loss} double=${random.pick([0, 20_000])} late=20000` },
  ];
  for (let atUs = 1e6; atUs < workUs; atUs += random.between(500, 4000) * 1000) {
    const [from, to] = [nodeName(random, { nodes }), nodeName(random, { nodes })];
    const text = random.pick([
      `clog ${from} ${to} for=${time(random, 50, 2000)}`,
      `cut ${from} ${to} silent for=${time(random, 50, 2000)}`,
      `pause ${from} for=${time(random, 20, 1000)}`,
    ]);
    faults.push({ atUs, text });
  }
  return special(world, {
    cluster: { nodes },
    buckets: [
      bucketOf(use, { n: Math.min(nodes, random.pick([3, 3, 5])), keys: random.pick([1, 2]) }),
    ],
    work: { deletePpm: random.pick([0, 100_000]), strictPpm: random.pick([0, 1_000_000]) },
    workUs,
    faults,
  });
}

/**
 * The wall clock of one node jumps about, while nodes are cut off or stand still; the others are
 * right, so times still count.
 */
function jumping(world: WorldOptions, random: SimRandom): WorldOptions {
  const nodes = random.pick([3, 3, 4, 5]);
  const workUs = random.between(15, 30) * 1e6;
  const jumper = nodeName(random, { nodes });
  const use = random.pick<BucketUse>(['lww', 'lww', 'expiring']);
  const faults: TimedFault[] = [];
  for (let atUs = 1e6; atUs < workUs; atUs += random.between(500, 3000) * 1000) {
    const node = nodeName(random, { nodes });
    const text = random.pick([
      `clock ${jumper} by=${random.between(-3_600_000, 3_600_000)}`,
      `isolate ${jumper} ${cutKind(random)} for=${time(random, 200, 6000)}`,
      `isolate ${node} ${cutKind(random)} for=${time(random, 200, 6000)}`,
      `pause ${node} for=${time(random, 20, 3000)}`,
    ]);
    faults.push({ atUs, text });
  }
  return special(world, {
    cluster: { nodes },
    buckets: [bucketOf(use, { n: 3, keys: random.pick([1, 2, 5]) })],
    work: { deletePpm: 0 },
    workUs,
    faults,
  });
}

/** Nothing goes wrong, so more is promised. */
function calm(world: WorldOptions, random: SimRandom): WorldOptions {
  const { nodes } = world.cluster;
  const n = Math.min(nodes, random.pick([2, 3]));
  const second = random.pick<BucketUse>(['siblings', 'sets', 'counters', 'lww', 'expiring']);
  const uses: readonly BucketUse[] = ['blind', second];
  return special(world, {
    cluster: { nodes },
    buckets: uses.map((use) => bucketOf(use, { n, keys: random.pick([1, 3]) })),
    work: {},
    workUs: random.between(5, 15) * 1e6,
    faults: [],
  });
}

/**
 * Nodes gather while processes die, power fails and links are slow and lossy; some come when others
 * have agreed already.
 */
function founding(world: WorldOptions, random: SimRandom): WorldOptions {
  const nodes = random.pick([3, 4, 4, 5]);
  const founders = random.between(Math.floor(nodes / 2) + 1, Math.min(nodes, 4));
  const bootFaults: TimedFault[] = [];
  const latecomer = random.pick(namesOf(nodes));
  const gatherUs = random.pick([1, 20, 300, 2000]) * 1000;
  for (const name of namesOf(nodes)) {
    const lateUs = name === latecomer && nodes > founders ? random.between(0, 6e6) : 0;
    bootFaults.push({ atUs: lateUs + random.below(gatherUs), text: `start ${name}` });
  }
  const loss = random.pick([0, 200_000, 400_000, 600_000]);
  bootFaults.push({ atUs: 1, text: `noise loss=${loss} late=${loss / 4}` });
  // Long enough for the others to call it down and to go on without it.
  const firstVoterFaults = random.pick([
    [],
    ['isolate FIRST silent for=12s', 'crash FIRST lose=none for=12s'],
    ['isolate FIRST silent for=12s'],
  ]);
  for (let atUs = 240_000; atUs < 15e6; atUs += random.between(100, 8000) * 1000) {
    const [one, other] = random.shuffled(namesOf(nodes)) as [string, string];
    const text = random.pick([
      `crash ${one} lose=${random.pick(['all', 'none'])} for=${time(random, 50, 5000)}`,
      `kill ${one} for=${time(random, 20, 5000)}`,
      `cut ${one} ${other} silent for=${time(random, 20, 2000)}`,
      `isolate ${one} ${cutKind(random)} for=${time(random, 20, 4000)}`,
      `clog ${one} ${other} for=${time(random, 20, 3000)}`,
      `stall ${one} for=${time(random, 20, 1000)}`,
    ]);
    bootFaults.push({ atUs, text });
  }
  return {
    ...special(world, {
      cluster: {
        nodes,
        founders,
        latencyUs: random.pick([200, 1_000, 5_000]),
        commitUs: random.pick([3_000, 30_000, 300_000]),
      },
      buckets: [bucketOf('siblings', { n: Math.min(founders, 3), keys: 10 })],
      work: {},
      workUs: 5e6,
      faults: [],
    }),
    bootFaults: sorted(bootFaults),
    firstVoterFaults,
  };
}

interface Special {
  readonly cluster: Partial<ClusterOptions> & { readonly nodes: number };
  readonly buckets: readonly WorkBucket[];
  readonly work: Partial<WorkOptions>;
  readonly workUs: number;
  readonly faults: readonly TimedFault[];
}

/** The rest is as drawn. */
function special(world: WorldOptions, own: Special): WorldOptions {
  const { cluster, buckets, work, workUs, faults } = own;
  const partitions = Math.min(8, world.cluster.partitions);
  return {
    ...world,
    cluster: { ...world.cluster, partitions, buckets: settingsOf(buckets), ...cluster },
    work: {
      ...world.work,
      thinkUs: Math.round((world.clients * workUs) / requestsMax),
      ...work,
      buckets,
    },
    workUs,
    core: namesOf(cluster.nodes),
    faults: sorted(faults),
    disksKeep: true,
  };
}

function namesOf(nodes: number): string[] {
  return Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
}

function sorted(faults: readonly TimedFault[]): TimedFault[] {
  return [...faults].sort((a, b) => a.atUs - b.atUs);
}

function bucketOf(use: BucketUse, { n, keys }: { n: number; keys: number }): WorkBucket {
  return { name: use, use, n, keys };
}

function settingsOf(buckets: readonly WorkBucket[]): Record<string, Partial<BucketOptions>> {
  return Object.fromEntries(
    buckets.map(({ name, use, n }) => {
      const quorum = Math.min(2, n);
      const conflict = use === 'lww' ? 'last-writer-wins' : 'siblings';
      return [name, { n, r: quorum, w: quorum, conflict }];
    }),
  );
}

function drawBuckets(random: SimRandom, nodes: number): WorkBucket[] {
  const count = random.between(1, 4);
  return random
    .shuffled(uses)
    .slice(0, count)
    .map((use) => {
      const n = Math.min(nodes, random.pick([1, 2, 3, 3, 3, 5]));
      return bucketOf(use, { n, keys: use === 'piles' ? 1 : random.pick([1, 3, 10, 40]) });
    });
}

interface Extent {
  readonly nodes: number;
  readonly workUs: number;
  readonly clients: number;
}

/**
 * Swarm testing (Groce et al., ISSTA 2012): each seed has few kinds of fault, so that rare ones are
 * not drowned by common ones.
 */
function drawFaults(
  random: SimRandom,
  extent: Extent,
): { faults: TimedFault[]; disksKeep: boolean } {
  if (random.below(12) === 0) return { faults: [], disksKeep: true };
  const kinds = random.shuffled(Object.keys(makers)).slice(0, random.between(1, 6));
  const faults: TimedFault[] = [];
  const gapUs = random.pick([300, 1000, 3000]) * 1000;
  for (let atUs = gapUs; atUs < extent.workUs; atUs += random.between(1, 2 * gapUs)) {
    const text = makers[random.pick(kinds)]!(random, extent);
    faults.push({ atUs, text });
  }
  // One disk is lost at most, or one bit: two could take every copy of what two nodes had
  // acknowledged.
  let disksKeep = true;
  if (random.below(4) === 0) {
    disksKeep = false;
    const node = nodeName(random, extent);
    const text = random.pick([`rot ${node} files`, `rot ${node} tables`]);
    const atUs = random.below(extent.workUs);
    faults.push({ atUs, text });
    // The log is only read at a start.
    if (random.below(2) === 0)
      faults.push({ atUs: atUs + 1, text: `kill ${node} for=${time(random, 20, 500)}` });
  }
  return { faults: sorted(faults), disksKeep };
}

type Maker = (random: SimRandom, extent: Extent) => string;

const makers: Readonly<Record<string, Maker>> = {
  crash: (random, extent) => {
    const lose = random.pick(['', '', ' lose=all', ' lose=none']);
    const linger = random.below(3) === 0 ? ` linger=${time(random, 50, 3000)}` : '';
    return `crash ${nodeName(random, extent)}${lose}${linger} for=${time(random, 50, 8000)}`;
  },
  kill: (random, extent) => `kill ${nodeName(random, extent)} for=${time(random, 50, 5000)}`,
  blackout: (random) => `blackout for=${time(random, 50, 3000)}`,
  stop: (random, extent) => `stop ${nodeName(random, extent)} for=${time(random, 50, 5000)}`,
  pause: (random, extent) => `pause ${nodeName(random, extent)} for=${time(random, 20, 6000)}`,
  cut: (random, extent) => {
    const from = nodeName(random, extent);
    const to = nodeName(random, extent);
    return `cut ${from} ${to} ${cutKind(random)} for=${time(random, 50, 8000)}`;
  },
  isolate: (random, extent) =>
    `isolate ${nodeName(random, extent)} ${cutKind(random)} for=${time(random, 50, 8000)}`,
  divide: (random, extent) => {
    const side = random
      .shuffled(namesOf(extent.nodes))
      .slice(0, random.between(1, extent.nodes - 1));
    return `divide ${side.sort().join(',')} ${cutKind(random)} for=${time(random, 50, 8000)}`;
  },
  clog: (random, extent) => {
    const from = nodeName(random, extent);
    const to = nodeName(random, extent);
    return `clog ${from} ${to} for=${time(random, 20, 5000)}`;
  },
  disconnect: (random, extent) => {
    const names = [nodeName(random, extent), `c${random.between(1, extent.clients)}`];
    return `disconnect ${random.pick(names)} for=${time(random, 50, 3000)}`;
  },
  'restart-nats': (random) => `restart-nats for=${time(random, 50, 2000)}`,
  noise: (random) => {
    const rate = (): number => random.pick([0, 1_000, 20_000, 150_000]);
    return `noise loss=${rate()} double=${rate()} late=${rate()} for=${time(random, 500, 8000)}`;
  },
  stall: (random, extent) => `stall ${nodeName(random, extent)} for=${time(random, 20, 5000)}`,
  slow: (random, extent) => {
    const sync = durationText(random.pick([5, 50, 300]) * 1000);
    return `slow ${nodeName(random, extent)} sync=${sync} for=${time(random, 500, 8000)}`;
  },
  full: (random, extent) => `full ${nodeName(random, extent)} for=${time(random, 100, 5000)}`,
  'fail-sync': (random, extent) => `fail-sync ${nodeName(random, extent)}`,
  // What two clocks may differ by (`limits.clockRatePpmMax`), in both directions.
  drift: (random, extent) => `drift ${nodeName(random, extent)} ppm=${random.between(-500, 500)}`,
  clock: (random, extent) =>
    `clock ${nodeName(random, extent)} by=${random.between(-60_000, 60_000)}`,
};

const changesDrawn: ChangesDrawn = {
  // Times that nodes stamp are those of their own clocks, and who is removed has no voice.
  trouble: (random, extent) => {
    const kinds = Object.keys(makers).filter((kind) => kind !== 'clock');
    return makers[random.pick(kinds)]!(random, { workUs: 0, ...extent });
  },
  settings: settingsOf,
  requestsMax,
};

/** What a seed can draw; a test asks for all of them. */
export const faultKinds = [...Object.keys(makers), 'rot', 'wipe', 'hold', 'strand', 'lose'];

function nodeName(random: SimRandom, { nodes }: { readonly nodes: number }): string {
  return `n${random.between(1, nodes)}`;
}

function cutKind(random: SimRandom): string {
  return random.pick(['silent', 'split']);
}

/** Between so many ms, short ones more often. */
function time(random: SimRandom, leastMs: number, mostMs: number): string {
  const most = random.between(leastMs, mostMs);
  return durationText(random.between(leastMs, most) * 1000);
}
