/**
 * Values that no message holds: how fast they go in and out, that they come out as they went in,
 * and how much memory it takes whom. In turns beside NATS' object store, on one machine; and once
 * more while a node is killed half way.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryWatch, type Peak } from '../measure/memory-watch.js';
import { medianOf, round, spreadPercentOf } from '../report/statistics.js';
import { objectStoreR3 } from '../systems/object-store.js';
import { quorate, QuorateCluster } from '../systems/quorate.js';
import type { RunningSystem, System } from '../systems/system.js';
import { BigProcess } from './big-process.js';
import { directions, type BigSystem, type Direction } from './messages.js';

export interface BigPlan {
  readonly bytes: number;
  readonly repetitions: number;
  readonly systems: readonly BigSystem[];
  /** While which of them a node is killed; once each. */
  readonly kills: readonly Direction[];
  readonly durability: string;
  readonly seed: number;
}

export interface BigRow {
  readonly system: BigSystem;
  readonly direction: Direction;
  readonly isKilled: boolean;
  /** Of all repetitions, the median, in 10^6 bytes. */
  readonly mbPerSecond: number;
  readonly spreadPercent: number;
  /** The most that was resident at any time, MiB. */
  readonly clientMiB: number;
  /** Of the node, or nats-server that stores, which had most; and of that what it made itself. */
  readonly nodeMiB: number;
  readonly nodeAnonymousMiB: number;
  /** Of the nats-server between nodes; null where there is no other. */
  readonly natsMiB: number | null;
  /** That the SHA-256 was that of the file each time. */
  readonly isEqual: boolean;
}

interface Sample {
  readonly mbPerSecond: number;
  readonly peaks: ReadonlyMap<string, Peak>;
  readonly isEqual: boolean;
}

interface Cell {
  readonly system: BigSystem;
  readonly direction: Direction;
  readonly isKilled: boolean;
  readonly samples: Sample[];
}

const fileBlockBytes = 1024 * 1024;
const backMsMax = 60_000;

const systemOf: Readonly<Record<BigSystem, (durability: string) => System>> = {
  quorate: (durability) => quorate({ durability, restarts: true }),
  'object-store': () => objectStoreR3(),
};

export async function big(options: {
  readonly plan: BigPlan;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
  readonly onRow: (row: BigRow) => void;
}): Promise<readonly BigRow[]> {
  const { plan, directory, onProgress, onRow } = options;
  const file = join(directory, 'value');
  onProgress('making the value');
  const digest = makeFile(file, plan);
  const running = new Map<BigSystem, RunningSystem>();
  try {
    for (const system of plan.systems) {
      const own = join(directory, system);
      mkdirSync(own, { recursive: true });
      onProgress(`starting ${system}`);
      running.set(system, await systemOf[system](plan.durability).start(own));
    }
    return await new Big(plan, running, { file, digest, onProgress, onRow }).run();
  } finally {
    for (const system of running.values()) await system.stop();
  }
}

class Big {
  private readonly rows: BigRow[] = [];

  constructor(
    private readonly plan: BigPlan,
    private readonly running: ReadonlyMap<BigSystem, RunningSystem>,
    private readonly around: {
      readonly file: string;
      readonly digest: string;
      readonly onProgress: (text: string) => void;
      readonly onRow: (row: BigRow) => void;
    },
  ) {}

  async run(): Promise<readonly BigRow[]> {
    const { systems, repetitions, kills } = this.plan;
    const cells = directions.flatMap((direction) =>
      systems.map((system): Cell => ({ system, direction, isKilled: false, samples: [] })),
    );
    for (let repetition = 0; repetition < repetitions; repetition++)
      // In turns: what becomes slower with time meets both alike.
      for (const cell of repetition % 2 === 0 ? cells : inOtherOrder(cells))
        cell.samples.push(await this.sample(cell, `value-${repetition}`));
    for (const cell of cells) this.tell(cell);
    if (systems.includes('quorate'))
      for (const direction of kills) {
        const cell = { system: 'quorate', direction, isKilled: true, samples: [] } as const;
        const key = direction === 'put' ? 'value-killed' : 'value-0';
        this.tell({ ...cell, samples: [await this.sample(cell, key)] });
        await this.allAreBack();
      }
    return this.rows;
  }

  private tell(cell: Cell): void {
    const row = rowOf(cell);
    this.rows.push(row);
    this.around.onRow(row);
  }

  private async sample(
    { system, direction, isKilled }: Omit<Cell, 'samples'>,
    key: string,
  ): Promise<Sample> {
    const { file, digest, onProgress } = this.around;
    const running = this.running.get(system)!;
    // What one has left for the kernel to write must not be paid for by the other's fsync.
    spawnSync('sync');
    onProgress(`${system}: ${direction}${isKilled ? ', a node is killed half way' : ''}`);
    let nodes = await nodesOf(running);
    const client = BigProcess.start();
    const watch = new MemoryWatch(() => new Map([...nodes, ['client', client.pid]]));
    let killed: Promise<void> | undefined;
    const onProgressed = (bytes: number): void => {
      if (!isKilled || killed !== undefined || bytes < this.plan.bytes / 2) return;
      const [name, pid] = [...nodes].find(([of]) => of !== 'nats')!;
      process.kill(pid, 'SIGKILL');
      nodes = new Map([...nodes].filter(([of]) => of !== name));
      killed = Promise.resolve();
    };
    try {
      const job = { system, servers: running.servers, direction, key, file };
      const done = await client.run(job, onProgressed);
      if (isKilled && killed === undefined) throw new Error('it was over before a node was killed');
      const isEqual = done.digest.replace(/=+$/, '') === digest && done.bytes === this.plan.bytes;
      return { mbPerSecond: done.bytes / 1000 / done.elapsedMs, peaks: watch.end(), isEqual };
    } finally {
      watch.end();
      client.kill();
    }
  }

  /** Of a node that was killed, which is started again. */
  private async allAreBack(): Promise<void> {
    const cluster = this.running.get('quorate') as QuorateCluster;
    for (let waitedMs = 0; waitedMs < backMsMax; waitedMs += 250) {
      const rows = await cluster.status();
      if (rows.filter(({ status }) => status === 'serving').length === cluster.nodes) return;
      await sleep(250);
    }
    throw new Error('a node that was killed did not come back');
  }
}

/** By name; the nats-server that carries for nodes is `nats`. */
async function nodesOf(running: RunningSystem): Promise<ReadonlyMap<string, number>> {
  if (!(running instanceof QuorateCluster))
    return new Map(running.pids().map((pid, at) => [`server ${at}`, pid]));
  const nodes = new Map((await running.status()).map(({ name, pid }) => [name, pid]));
  const server = running.natsPid();
  return server === undefined ? nodes : new Map([...nodes, ['nats', server]]);
}

function inOtherOrder(cells: readonly Cell[]): readonly Cell[] {
  return directions.flatMap((direction) =>
    cells.filter((cell) => cell.direction === direction).toReversed(),
  );
}

function isNode(name: string): boolean {
  return name !== 'client' && name !== 'nats';
}

function rowOf({ system, direction, isKilled, samples }: Cell): BigRow {
  const rates = samples.map(({ mbPerSecond }) => mbPerSecond);
  const most = (isOf: (name: string) => boolean, of: keyof Peak): number => {
    const peaks = samples.flatMap(({ peaks: all }) =>
      [...all].filter(([name]) => isOf(name)).map(([, peak]) => peak[of]),
    );
    return round(Math.max(0, ...peaks) / 2 ** 20, 0);
  };
  const nats = most((name) => name === 'nats', 'residentBytes');
  return {
    system,
    direction,
    isKilled,
    mbPerSecond: round(medianOf(rates), 1),
    spreadPercent: round(spreadPercentOf(rates), 1),
    clientMiB: most((name) => name === 'client', 'residentBytes'),
    nodeMiB: most(isNode, 'residentBytes'),
    nodeAnonymousMiB: most(isNode, 'anonymousBytes'),
    natsMiB: nats === 0 ? null : nats,
    isEqual: samples.every((sample) => sample.isEqual),
  };
}

/** Bytes that nothing can make smaller; the digest of all of them. */
function makeFile(path: string, { bytes, seed }: BigPlan): string {
  const block = Buffer.alloc(fileBlockBytes);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < block.length; at += 4) {
    // Xorshift.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    block.writeInt32LE(state, at);
  }
  const hash = createHash('sha256');
  const file = openSync(path, 'w');
  for (let at = 0; at < bytes; at += block.length) {
    // No two blocks are equal.
    block.writeDoubleLE(at, 0);
    const piece = block.subarray(0, Math.min(block.length, bytes - at));
    writeSync(file, piece);
    hash.update(piece);
  }
  closeSync(file);
  return `SHA-256=${hash.digest('base64url')}`;
}
