/** Runs a plan: cell by cell, in each A B A B, every contender as often as the others. */
import { Stage, type Sample } from './stage.js';
import { clusterOf, distinctContenders, type Cell, type Contender, type Plan } from './plan.js';
import { systemOf } from './systems/systems.js';

export interface Measured {
  readonly contender: Contender;
  readonly cell: Cell;
  /** One a repetition. */
  readonly samples: readonly Sample[];
}

export async function compare(options: {
  readonly plan: Plan;
  readonly directory: string;
  readonly onProgress: (text: string) => void;
  /** A cell is done: one result a contender. */
  readonly onCell: (measured: readonly Measured[]) => void;
}): Promise<void> {
  const { plan, directory, onProgress, onCell } = options;
  const { cells, keys, clients, seed } = plan;
  const contenders = distinctContenders(cells);
  const valueBytes = [...new Set(cells.map((cell) => cell.valueBytes))];
  const surroundings = {
    contenders,
    systemOf,
    valueBytes,
    keys,
    clients,
    seed,
    directory,
    onProgress,
  };
  await Stage.during(surroundings, async (stage) => {
    await heat(plan, stage, onProgress);
    for (const cell of cells) onCell(await measure({ plan, cell, stage, onProgress }));
  });
}

/** The workloads of the plan under its highest load, unmeasured: every system starts warm. */
async function heat(plan: Plan, stage: Stage, onProgress: (text: string) => void): Promise<void> {
  const heated = new Set<string>();
  for (const contender of distinctContenders(plan.cells)) {
    const name = `${clusterOf(contender)} ${contender.system}`;
    if (heated.has(name) || plan.heatMs === 0) continue;
    heated.add(name);
    onProgress(`warming up ${contender.system}`);
    const cells = plan.cells.filter((cell) =>
      cell.contenders.some((other) => `${clusterOf(other)} ${other.system}` === name),
    );
    const kinds = [...new Set(cells.map((cell) => cell.workload))];
    for (const workload of kinds) {
      const ofKind = cells.filter((cell) => cell.workload === workload);
      const hardest = ofKind.reduce((a, b) => (weight(b) > weight(a) ? b : a));
      const { valueBytes, load } = hardest;
      const warmUpMs = plan.heatMs / kinds.length;
      await stage.run(contender, { workload, valueBytes, load, warmUpMs, measureMs: 1 });
    }
  }
}

function weight({ load }: Cell): number {
  return load.kind === 'closed' ? load.inFlight : load.ratePerSecond;
}

async function measure(options: {
  readonly plan: Plan;
  readonly cell: Cell;
  readonly stage: Stage;
  readonly onProgress: (text: string) => void;
}): Promise<Measured[]> {
  const { plan, cell, stage, onProgress } = options;
  const { repetitions, warmUpMs, measureMs } = plan;
  const { workload, valueBytes, load, contenders } = cell;
  const samples = contenders.map((): Sample[] => []);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const [i, contender] of contenders.entries()) {
      onProgress(
        `${contender.system}: ${workload}, ${valueBytes} bytes, ${weight(cell)}${load.kind === 'closed' ? ' in flight' : '/s'}, ${repetition + 1}/${repetitions}`,
      );
      const job = { workload, valueBytes, load, warmUpMs, measureMs };
      samples[i]!.push(await stage.run(contender, job));
    }
  }
  return contenders.map((contender, i) => ({ contender, cell, samples: samples[i]! }));
}
