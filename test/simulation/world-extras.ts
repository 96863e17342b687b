/**
 * What seeds with a `+` draw over the finished world, each from a generator forked under its own
 * name: clients, surroundings and disks that other seeds do not know, which stay what they are.
 */
import { durationText } from './core/commands.js';
import { SimRandom } from './core/sim-random.js';
import type { WorkBucket } from './workload/work-client.js';
import type { TimedFault, WorldOptions } from './world-shape.js';

export function withExtras(world: WorldOptions): WorldOptions {
  return [withTries, withSeenByLastWriters, withFarServer, withBulk, withPeriodic].reduce(
    (drawn, draw) => draw(drawn),
    world,
  );
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
