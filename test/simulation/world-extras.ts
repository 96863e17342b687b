/**
 * What seeds with a `+` draw over the finished world, each from a generator forked under its own
 * name: clients, surroundings and disks that other seeds do not know, which stay what they are.
 */
import { durationText } from './core/commands.js';
import { SimRandom } from './core/sim-random.js';
import type { BucketUse, WorkBucket } from './workload/work-client.js';
import type { TimedFault, WorldOptions } from './world-shape.js';

export function withExtras(world: WorldOptions): WorldOptions {
  return [
    withTries,
    withSeenByLastWriters,
    withFarServer,
    withBulk,
    withPeriodic,
    withLateFounder,
    withForger,
  ].reduce((drawn, draw) => draw(drawn), world);
}

/**
 * Plain clients that try a put again, under one `Kv-Op`, when they do not know what became of it or
 * were refused for a moment.
 */
function withTries(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`tries of ${world.seed}`);
  if (random.below(3) > 0) return world;
  return { ...world, work: { ...world.work, triesMax: random.between(2, 3) } };
}

/**
 * Where the last writer wins, authors that have looked say what they saw: it must make no
 * difference.
 */
function withSeenByLastWriters(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`last writers of ${world.seed}`);
  if (random.below(2) > 0) return world;
  return { ...world, work: { ...world.work, lastWritersTell: true } };
}

/**
 * Answers of the server are under way for tens of milliseconds, so that what happens meets them
 * there.
 */
function withFarServer(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`far server of ${world.seed}`);
  const { faults, bootFaults, work, cluster } = world;
  const isQuiet = faults.length === 0 || bootFaults.length > 0;
  if (isQuiet || work.timeoutMs < 1000 || random.below(15) > 0) return world;
  return { ...world, cluster: { ...cluster, latencyUs: random.pick([20_000, 40_000]) } };
}

/**
 * Large values in one partition, and requests of all clients that a node is given in one turn:
 * messages and rounds are cut.
 */
function withBulk(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`bulk of ${world.seed}`);
  const { cluster, work, clients, workUs, faults, bootFaults } = world;
  const isQuiet = faults.length === 0 || bootFaults.length > 0;
  if (isQuiet || clients < 3 || random.below(8) > 0) return world;
  const clogs: TimedFault[] = [];
  for (let atUs = 1e6; atUs < workUs; atUs += random.between(500, 3000) * 1000) {
    const node = `n${random.between(1, cluster.nodes)}`;
    const forUs = random.between(200, 1500) * 1000;
    for (let client = 1; client <= clients; client++)
      clogs.push({ atUs, text: `clog c${client} ${node} for=${durationText(forUs)}` });
  }
  return {
    ...world,
    cluster: { ...cluster, partitions: 1, storeBounds: {} },
    work: {
      ...work,
      valueBytesMax: random.pick([50_000, 100_000]),
      buckets: work.buckets.map(withoutSiblings),
    },
    faults: [...faults, ...clogs].sort((a, b) => a.atUs - b.atUs),
  };
}

/** Siblings together would be larger than any message: only where they do not pile up. */
function withoutSiblings(bucket: WorkBucket): WorkBucket {
  const isSingle = bucket.use === 'blind' || bucket.use === 'lww' || bucket.use === 'expiring';
  return isSingle ? bucket : { ...bucket, use: 'blind' };
}

/**
 * Acknowledged before the sync. What a power cut takes then, it may take; so what goes by the
 * memory of nodes is not checked.
 */
function withPeriodic(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`durability of ${world.seed}`);
  const { bootFaults, faults, cluster } = world;
  const wipes = faults.some(({ text }) => text.startsWith('wipe '));
  if (bootFaults.length > 0 || wipes || random.below(12) > 0) return world;
  const durability = { kind: 'periodic', everyMs: random.pick([20, 200, 1000]) } as const;
  return { ...world, cluster: { ...cluster, durability }, disksKeep: false };
}

/**
 * One of the founders learns late that its cluster is founded, and comes into one that serves and
 * is worked with: nothing reaches it, its disk takes long or stands still, or it is gone meanwhile.
 * Not where a directory is wiped: who had no place in the ring yet has none to lose.
 */
function withLateFounder(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`late founder of ${world.seed}`);
  const { bootFaults, faults, cluster, workUs } = world;
  const wipes = faults.some(({ text }) => text.startsWith('wipe '));
  const isWhole = bootFaults.length === 0 && cluster.founders === undefined && !wipes;
  if (!isWhole || random.below(5) > 0) return world;
  const lateUs = random.between(5_000, 5_000 + workUs / 1000) * 1000;
  const time = `for=${durationText(lateUs)}`;
  // What it has told is under way, and must arrive.
  const toldUs = 100 * cluster.latencyUs + 1000;
  const deaf: TimedFault = { atUs: 0, text: `deafen LATE ${time}` };
  const after = (text: string): TimedFault => ({ atUs: toldUs, text });
  const lateFounderFaults = random.pick<readonly TimedFault[]>([
    [deaf],
    [deaf, after(`isolate LATE ${random.pick(['silent', 'split'])} ${time}`)],
    [deaf, after(`crash LATE lose=${random.pick(['all', 'none'])} ${time}`)],
    [{ atUs: 0, text: `slow LATE commit=${durationText(lateUs)} ${time}` }],
    [{ atUs: 0, text: `stall LATE ${time}` }],
    [{ atUs: 0, text: `stall LATE ${time}` }, after(`kill LATE for=${durationText(lateUs - 3e6)}`)],
  ]);
  return { ...world, lateFounderFaults };
}

/** One more client makes up contexts. */
function withForger(world: WorldOptions): WorldOptions {
  const random = new SimRandom(`forger of ${world.seed}`);
  const { work, workUs } = world;
  if (random.below(4) > 0) return world;
  const forger = {
    thinkUs: random.pick([20_000, 100_000, 500_000]),
    // What is put later it can't be told to have seen.
    forUs: Math.round((workUs * random.between(20, 100)) / 100),
    strictPpm: random.pick([0, work.strictPpm, 500_000]),
  };
  // Few, so that claims and puts meet; and most say what they have seen, so that what is hidden
  // shows.
  const buckets = work.buckets.map((bucket): WorkBucket => {
    const use =
      bucket.use === 'blind'
        ? random.pick<BucketUse>(['blind', 'siblings', 'siblings'])
        : bucket.use;
    return { ...bucket, use, keys: Math.min(bucket.keys, random.pick([1, 2, 3, 10])) };
  });
  const strictPpm = random.pick([0, work.strictPpm, 1_000_000]);
  return { ...world, forger, work: { ...work, buckets, strictPpm } };
}
