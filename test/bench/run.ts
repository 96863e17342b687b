/**
 * Runs a plan. All systems are up throughout and each has a client process, but only one is under load at a time: cell by
 * cell, A B A B, so that what changes on the machine meanwhile meets all of them alike.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LoadProcess } from './load/load-process.js';
import type { LoadResult } from './load/messages.js';
import { cpuMicrosOf } from './measure/processes.js';
import type { Cell, Plan } from './plan.js';
import type { RunningSystem, System } from './systems/system.js';

export interface Sample extends LoadResult {
  readonly cpuMicros: number;
}

export interface Measured {
  readonly system: System;
  readonly cell: Cell;
  /** One a repetition. */
  readonly samples: readonly Sample[];
}

interface Contender {
  readonly system: System;
  readonly running: RunningSystem;
  readonly load: LoadProcess;
}

export async function run(options: {
  readonly plan: Plan;
  readonly systems: readonly System[];
  readonly directory: string;
  readonly onProgress: (text: string) => void;
  /** A cell is done: one result a system. */
  readonly onCell: (measured: readonly Measured[]) => void;
}): Promise<void> {
  const { plan, systems, directory, onProgress, onCell } = options;
  const contenders: Contender[] = [];
  try {
    for (const system of systems) {
      onProgress(`starting ${system.name}`);
      const data = join(directory, system.name);
      mkdirSync(data, { recursive: true });
      const running = await system.start(data);
      const load = new LoadProcess();
      contenders.push({ system, running, load });
      await load.ask({ kind: 'open', target: running.target, seed: plan.seed, keys: plan.keys });
      for (const valueBytes of new Set(plan.cells.map((cell) => cell.valueBytes))) {
        onProgress(`filling ${system.name} with ${plan.keys} values of ${valueBytes} bytes`);
        await load.ask({ kind: 'fill', valueBytes });
      }
      await heat(plan, { system, running, load }, onProgress);
    }
    for (const cell of plan.cells) onCell(await runCell(plan, cell, contenders, onProgress));
    for (const { load } of contenders) await load.close();
  } finally {
    for (const { load } of contenders) load.kill();
    for (const { running } of contenders) await running.stop();
  }
}

/** The workloads of the plan under its highest load, unmeasured: every system starts warm. */
async function heat(
  plan: Plan,
  { system, load }: Contender,
  onProgress: (text: string) => void,
): Promise<void> {
  onProgress(`warming up ${system.name}`);
  const inFlight = Math.max(...plan.cells.map((cell) => cell.inFlight));
  const { valueBytes } = plan.cells[0]!;
  const kinds = [...new Set(plan.cells.map((cell) => cell.workload))];
  for (const workload of kinds) {
    const cell = { workload, valueBytes, inFlight };
    const warmUpMs = plan.heatMs / kinds.length;
    await load.run({ kind: 'run', cell, warmUpMs, measureMs: 1 }, () => undefined);
  }
}

async function runCell(
  plan: Plan,
  cell: Cell,
  contenders: readonly Contender[],
  onProgress: (text: string) => void,
): Promise<Measured[]> {
  const samples = contenders.map((): Sample[] => []);
  for (let repetition = 0; repetition < plan.repetitions; repetition++) {
    for (const [i, contender] of contenders.entries()) {
      const { workload, valueBytes, inFlight } = cell;
      onProgress(
        `${contender.system.name}: ${workload}, ${valueBytes} bytes, ${inFlight} in flight, ${repetition + 1}/${plan.repetitions}`,
      );
      samples[i]!.push(await runOnce(plan, cell, contender));
    }
  }
  return contenders.map(({ system }, i) => ({ system, cell, samples: samples[i]! }));
}

async function runOnce(plan: Plan, cell: Cell, { running, load }: Contender): Promise<Sample> {
  // What one system has left for the kernel to write must not be paid for by another's fsync.
  spawnSync('sync');
  const { warmUpMs, measureMs } = plan;
  const pids = [...running.pids(), load.pid];
  let beforeMicros = 0;
  const result = await load.run({ kind: 'run', cell, warmUpMs, measureMs }, () => {
    beforeMicros = cpuMicrosOf(pids);
  });
  return { ...result, cpuMicros: cpuMicrosOf(pids) - beforeMicros };
}
