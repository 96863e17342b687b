/**
 * What seeds with a `^` draw over the finished world, each from a generator forked under its own
 * name: what people do with data beyond plain puts and gets.
 */
import { durationText } from './core/commands.js';
import { SimRandom } from './core/sim-random.js';
import type { WorkBucket } from './workload/work-client.js';
import type { TimedFault, WorldOptions } from './world-shape.js';

export function withData(world: WorldOptions): WorldOptions {
  const drawn = [
    withConditions,
    withListings,
    withBigValues,
    withBucketChanges,
    withLifetimes,
    withWatches,
    withGrowth,
  ];
  return drawn.reduce((world, draw) => draw(world), world);
}

/** Puts and deletes on conditions, of few keys, so that they meet; some tried again. */
function withConditions(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`conditions of ${world.seed}`);
  if (random.below(2) > 0) return world;
  const { work } = world;
  const keys = random.pick([1, 2, 4]);
  const buckets = work.buckets.map((bucket): WorkBucket =>
    mayCompare(bucket.name) ? { ...bucket, use: 'conditional', keys } : bucket,
  );
  const strictPpm = random.pick([0, work.strictPpm, 1_000_000, 1_000_000]);
  const triesMax = random.pick([1, 1, 3]);
  return {
    ...world,
    work: { ...work, buckets, strictPpm, ...(triesMax > 1 && { triesMax }) },
  };
}

/** Keys are listed, in pages small enough for several, or in one. */
function withListings(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`listings of ${world.seed}`);
  if (random.below(2) > 0) return world;
  const listing = {
    ppm: random.pick([30_000, 100_000, 300_000]),
    strictPpm: random.pick([500_000, 1_000_000]),
    pageKeys: random.pick([1, 2, 3, 1000]),
  };
  return { ...world, work: { ...world.work, listing } };
}

/** Operators change what buckets promise, N above all, while they are worked with. */
function withBucketChanges(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`bucket changes of ${world.seed}`);
  if (random.below(2) > 0 || world.bootFaults.length > 0) return world;
  const { work, cluster, faults } = world;
  const workUs = Math.max(world.workUs, 10e6);
  const names = work.buckets.map(({ name }) => name);
  const nLeast = mayLoseADisk(world) ? 2 : 1;
  const changes = Array.from({ length: random.between(1, 4) }, (): TimedFault => {
    const atUs = random.below(Math.round((workUs * 4) / 5));
    const name = random.pick(names);
    const n = random.between(nLeast, Math.max(nLeast, Math.min(3, cluster.nodes)));
    const text = random.pick([
      `bucket set ${name} n=${n}`,
      `bucket set ${name} n=${n}`,
      `bucket set ${name} n=${n}`,
      `bucket defaults n=${n}`,
      `bucket set ${name} resolve=service`,
      `bucket create other n=${n}`,
      `bucket rm other`,
    ]);
    return { atUs, text };
  });
  // The first one has the cluster say what its nodes were told.
  const first = { atUs: 0, text: `bucket create other events=off` };
  return {
    ...world,
    workUs,
    cluster: { ...cluster, bucketsChange: true },
    isChanging: true,
    // Quorums of their own might be more than there are by then.
    work: { ...work, quorumPpm: 0 },
    faults: [...faults, first, ...changes].sort((a, b) => a.atUs - b.atUs),
  };
}

/** Of one that is, what two nodes acknowledged must survive: no N leaves it on that one alone. */
function mayLoseADisk({ faults, disksKeep }: WorldOptions): boolean {
  return !disksKeep || faults.some(({ text }) => /^(wipe|lose) /.test(text));
}

/**
 * Nothing but values that expire, of few keys, while nodes are cut off or stand still and the wall
 * clock of one jumps about; the others are right but for a little, so times count.
 */
function withLifetimes(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`lifetimes of ${world.seed}`);
  const isOther = world.bootFaults.length > 0 || world.isChanging === true;
  if (isOther || random.below(3) > 0) return world;
  const nodes = random.pick([3, 3, 4, 5]);
  const workUs = random.between(10, 25) * 1e6;
  const jumper = `n${random.between(1, nodes)}`;
  const time = (leastMs: number, mostMs: number): string =>
    durationText(random.between(leastMs, random.between(leastMs, mostMs)) * 1000);
  const faults: TimedFault[] = [];
  for (let node = 1; node <= nodes; node++)
    faults.push({ atUs: 0, text: `clock n${node} by=${random.between(-300, 300)}` });
  for (let atUs = 1e6; atUs < workUs; atUs += random.between(500, 3000) * 1000) {
    const node = `n${random.between(1, nodes)}`;
    const text = random.pick([
      `clock ${jumper} by=${random.between(-3_600_000, 3_600_000)}`,
      `clock ${jumper} by=${random.between(-3_000, 3_000)}`,
      `isolate ${random.pick([jumper, node])} ${random.pick(['silent', 'split'])} for=${time(200, 6000)}`,
      `pause ${node} for=${time(20, 3000)}`,
    ]);
    faults.push({ atUs, text });
  }
  const bucket: WorkBucket = {
    name: 'expiring',
    use: 'expiring',
    n: 3,
    keys: random.pick([1, 3, 20]),
  };
  const promises = { n: 3, r: 2, w: 2, conflict: 'siblings' } as const;
  const partitions = Math.min(8, world.cluster.partitions);
  return {
    ...world,
    cluster: { ...world.cluster, nodes, partitions, buckets: { expiring: promises } },
    work: { ...world.work, buckets: [bucket], deletePpm: 0 },
    workUs,
    core: Array.from({ length: nodes }, (_, i) => `n${i + 1}`),
    faults,
    disksKeep: true,
    jumper,
  };
}

/** Buckets are watched all the time; some who watch go on from their cursors now and then. */
function withWatches(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`watches of ${world.seed}`);
  if (random.below(2) > 0) return world;
  const { buckets } = world.work;
  const watchers = Array.from({ length: random.between(1, 3) }, () => ({
    bucket: random.pick(buckets.map(({ name }) => name)),
    include: random.pick(['updates', 'current', 'history'] as const),
    resumeUs: random.below(2) === 0 ? undefined : random.between(1_000, 8_000) * 1000,
    thinkUs: random.pick([0, 0, 1_000, 200_000]),
  }));
  return { ...world, watchers };
}

/** Buckets whose names tell oracles of another rule for what is shown are left as they are. */
function mayCompare(bucket: string): boolean {
  return ['blind', 'siblings', 'sets', 'counters', 'piles'].includes(bucket);
}

/**
 * Plain clients put values in parts: some uploads are left, some given up, and those of one key
 * race. In the end parts are freed, where that is not an hour away.
 */
function withBigValues(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`big values of ${world.seed}`);
  const { work, cluster, clients } = world;
  if (random.below(2) > 0) return world;
  const valueBytesMax = random.pick([200, 2_000]);
  const partBytes = Math.ceil(valueBytesMax / random.pick([2, 4, 8]));
  const uploadLeaseMs = random.pick([60_000, 120_000]);
  return {
    ...world,
    frameClients: Math.min(world.frameClients, clients - 1),
    cluster: { ...cluster, uploadLeaseMs },
    work: { ...work, valueBytesMax, partBytes },
  };
}

/** Machines come, and some go for them, while big values lie in the partitions that move. */
function withGrowth(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`growth of ${world.seed}`);
  const { work, cluster, faults, bootFaults } = world;
  // What is lost with a disk besides is the matter of seeds in which nothing but that changes.
  const isLost = faults.some(({ text }) => /(^| )(wipe|lose|rot) /.test(text)) || !world.disksKeep;
  if (work.partBytes === undefined || isLost || bootFaults.length > 0 || random.below(3) > 0)
    return world;
  const workUs = Math.max(world.workUs, 15e6);
  const growth: TimedFault[] = [];
  for (let i = 1, left = random.between(1, 2); i <= left; i++) {
    const name = `n${cluster.nodes + i}`;
    const atUs = random.below(Math.round((workUs * 2) / 3));
    // As many as N must be left.
    const leaves = cluster.nodes > 2 && random.below(3) === 0 ? ` leave=n${i}` : '';
    growth.push({ atUs, text: `add ${name}` });
    growth.push({ atUs: atUs + random.below(4_000_000), text: `change add=${name}${leaves}` });
  }
  const phase = random.pick(['begun', 'moved', 'nearly', 'cancelled']);
  if (random.below(3) === 0)
    growth.push({ atUs: random.below(workUs), text: `when ${phase} change cancel` });
  return {
    ...world,
    workUs,
    isChanging: true,
    core: Array.from({ length: cluster.nodes }, (_, i) => `n${i + 1}`),
    faults: [...faults, ...growth].sort((a, b) => a.atUs - b.atUs),
  };
}
