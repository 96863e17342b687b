/**
 * Scenarios: commented scripts in `test/scenarios/*.txt` that run as tests, after the example of
 * etcd-io/raft's testdata. One command a line; what stands behind `=>` is expected of it. Faults
 * are those of `cluster/faults.ts`; the rest:
 *
 *   control: mutant <name> | control: <option>=<value>   the scenario must fail with it (see
 *                                      `mutants.ts`): it can fail
 *   cluster nodes=3 n=3 r=2 w=2 [partitions=8] [durability=periodic(1000)]
 *     [conflict=last-writer-wins] [grace=2s] [hintage=1m] [mapping=off] [latency=1ms]
 *     [memtable=8000] [hintroom=9000] [servers=3] [join=auto] [seed=x] [lone=b]   starts, and
 *                                      serves; `lone`: a bucket of N, R and W 1
 *   cluster … founders=3 start=by-hand    its nodes start when the script says so
 *   first-voter crash FIRST            what befalls the node that first tells that it has a list of
 *                                      founders on its disk, in that moment; from here on it is
 *                                      first, and who runs beside it other1, other2, …
 *   place b/k                          from here on p1, p2, … are its primaries and f1, f2, … its
 *                                      fallbacks, in order
 *   put c1 b/k value [context=-|name] [w=2] [strict] [timeout=1s] [via=p1] [op=x] [bytes=100000]
 *     [as=name] [frames] [until=1s] [trace] [if=absent] => done primaries=2 fallbacks=0
 *   delete c1 b/k …
 *   get c1 b/k [r=2] [strict] [via=p1] [as=name] [trace] => found a b | absent | failed 503 none
 *   list c1 b [r=2] [strict] [via=p1] [frames] [limit=1] => listed k l | failed 503 none
 *   begin put … · end c1 => done       the same without waiting, one request a client
 *   load clients=3 [use=siblings] [think=20ms] [w=2]   background work
 *   unload => ok                       ends it; ok: nothing but successes
 *   wait 2s · wait-until serving|converged|collected b/k|ended p1|hints … [within=60s]
 *   states b/k => equal · check => ok  every write acknowledged to a load is there or was replaced
 *   owes p1 => 2                       how many hints it owes, of all keys
 *   announced b/k => 2                 so many changes of it were announced
 *   forget p1 b/k                      its record goes from the disk of a stopped node, as if the
 *                                      node had left the partition
 *   node p1 => new joining             under which id it runs (new, or known), and in which status
 *   snapshot p1 · restore p1           of a stopped node's disk
 *   remove p2 via=p1 => done | refused   an operator asks p1 to declare p2 gone for good
 *   change add=n4 … [via=n1] => done | refused   one operator plans and applies; without `=>`, and
 *                                      with `when`, it asks again and again: `cluster/operator.ts`
 *   plan a add=n4 … [via=n1] => done · apply a [via=n1] => done | refused   in two parts, so that
 *                                      there can be two operators
 *   wait-until settled|begun|moved|… [within=60s]   a phase of a change: `cluster/changes.ts`
 *   wait-until knows n3 · wait-until departed n3 · wait-until unheld   it has the newest
 *                                      configuration · has ended for good · nobody has a stray
 *   expect members => n1 n2 n4 …       of the newest configuration: `change-words.ts`
 *
 * `frames`: by the TypeScript client; else plain NATS. `until=1s`: with a `Kv-Deadline` so far
 * ahead. `trace`: nodes note their part in it (`Kv-Trace`). `context=name`: what `as=name` brought;
 * `context=ahead-of-name`: forged, it claims what its actors will give next. `via=p1`: the client's
 * requests reach that node alone. Expected words are the kind of the answer and what it holds,
 * `in<250ms` bounds its time.
 */
import type { StoreBounds } from '../../../src/options/store-bounds.js';
import { durationUs, parseCommand, type Command } from '../core/commands.js';
import { applyFault, isFault } from '../cluster/faults.js';
import {
  clusterOptionsDefault,
  type ClusterOptions,
  type SimCluster,
} from '../cluster/sim-cluster.js';
import { Stage } from './stage.js';

export interface Scenario {
  readonly title: string;
  readonly controls: readonly string[];
  readonly commands: readonly Command[];
}

export function parseScenario(text: string): Scenario {
  const lines = text.split('\n');
  const title = (lines[0] ?? '').replace(/^#\s*/, '');
  const controls: string[] = [];
  const commands: Command[] = [];
  for (const line of lines) {
    const control = /^control:\s*(.*?)\s*(#.*)?$/.exec(line)?.[1];
    if (control !== undefined) {
      controls.push(control);
      continue;
    }
    const command = parseCommand(line);
    if (command !== undefined) commands.push(command);
  }
  return { title, controls, commands };
}

export interface Watching {
  readonly onLine?: (line: string) => void;
  /** Before anything happens. */
  readonly onCluster?: (cluster: SimCluster) => void;
}

/** Returns what was not as expected: the first failed line, or what the oracles found. */
export async function runScenario(
  scenario: Scenario,
  overrides: Readonly<Record<string, string>> = {},
  watching: Watching = {},
): Promise<string | undefined> {
  const [first, ...rest] = scenario.commands;
  if (first?.verb !== 'cluster') throw new Error('a scenario begins with `cluster`');
  const options = clusterOptions({ ...first.options, ...overrides });
  const { onLine, onCluster } = watching;
  const stage = new Stage(
    { ...options, ...(onLine && { onLine }) },
    first.options['start'] === 'by-hand',
  );
  onCluster?.(stage.cluster);
  try {
    await stage.start();
    for (const command of rest) {
      const problem = await runCommand(stage, command);
      const found = problem ?? stage.cluster.violations.first?.what;
      if (found !== undefined) return `${command.text}\n  ${found}`;
    }
    return undefined;
  } finally {
    stage.cluster.abandon();
  }
}

async function runCommand(stage: Stage, command: Command): Promise<string | undefined> {
  const isAsked = command.verb === 'change' && command.expected !== undefined;
  if (isAsked || !isFault(command.verb)) return stage.run(command);
  applyFault(stage.cluster, stage.named(command));
  // A fault takes effect before the next line.
  await stage.cluster.after(0);
  return undefined;
}

function clusterOptions(options: Readonly<Record<string, string>>): ClusterOptions {
  const number = (name: string): Record<string, number> =>
    options[name] === undefined ? {} : { [name]: Number(options[name]) };
  const time = (name: string, option: keyof ClusterOptions): Record<string, number> =>
    options[name] === undefined ? {} : { [option]: durationUs(options[name]) / 1000 };
  const bound = (name: string, option: keyof StoreBounds): Partial<StoreBounds> =>
    options[name] === undefined ? {} : { [option]: Number(options[name]) };
  const conflict = options['conflict'] === 'last-writer-wins' ? options['conflict'] : 'siblings';
  const periodic = /^periodic\((\d+)\)$/.exec(options['durability'] ?? '')?.[1];
  return {
    ...clusterOptionsDefault,
    seed: options['seed'] ?? 'scenario',
    ...number('nodes'),
    ...number('partitions'),
    ...number('servers'),
    ...number('founders'),
    mapping: options['mapping'] !== 'off',
    join: options['join'] === 'auto' ? 'auto' : 'ask',
    durability:
      periodic === undefined ? { kind: 'sync' } : { kind: 'periodic', everyMs: Number(periodic) },
    defaults: { ...number('n'), ...number('r'), ...number('w'), conflict },
    buckets: options['lone'] === undefined ? {} : { [options['lone']]: { n: 1, r: 1, w: 1 } },
    ...time('grace', 'tombstoneGraceMs'),
    ...time('hintage', 'hintAgeMs'),
    storeBounds: { ...bound('memtable', 'memtableBytesMax'), ...bound('hintroom', 'hintBytesMax') },
    ...(options['latency'] !== undefined && { latencyUs: durationUs(options['latency']) }),
  };
}
