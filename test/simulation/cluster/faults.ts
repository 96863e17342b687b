/**
 * What can be done to a cluster, as commands: a fault list of a seed and a scenario are written in
 * the same words.
 *
 *   crash n1 [lose=all|none] [linger=1s] [for=3s]   power off; what was not synced is lost in part,
 *                                          wholly, or not at all; linger: how long NATS still
 *                                          believes in its connection
 *   kill n1 [for=3s]                       kill -9: what it wrote stays, synced or not
 *   start n1 · stop n1 [for=2s]            a stop is clean
 *   blackout [lose=…] for=3s               crash of all nodes
 *   pause n1 [for=2s] · resume n1          the process stands still, the world goes on
 *   wipe n1 [replaces] [for=2s]            crash, and its directory is gone: it comes back as new
 *                                          (replaces: and says that it comes in its own stead)
 *   lose n1 [cut] [for=20s]                crash (cut: isolated, and goes on), and an operator
 *                                          removes it as soon as the others agree; after `for` it
 *                                          is back with what it has
 *   cut n1 n2 [silent|split] [for=2s]      n1's messages no longer reach n2
 *   isolate n1 [silent|split] [for=2s]     nothing to or from any other node
 *   deafen n1 [silent|split] [for=2s]      nothing to it from any other node
 *   divide n1,n2 [silent|split] [for=2s]   nothing between these and the other nodes
 *   heal                                   ends all cuts and clogs
 *   clog n1 n2 for=500ms                   held back, then delivered
 *   hold n1 n2 for=10s                     lies in a route between servers so long, and then
 *                                          reaches who is n2 by then
 *   lag n1 n2 by=1500ms [for=10s]          the route between their servers is so slow
 *   disconnect n1 for=1s                   its connection to NATS breaks
 *   strand n1 for=3s late=10s              its connection is dead; it notices after `for` and has
 *                                          another one, NATS `late` after that: until then
 *                                          half-dead subscriptions swallow, then what was sent
 *                                          arrives
 *   restart-nats for=500ms                 everyone's does
 *   noise [loss=1000] [double=1000] [late=1000] [for=5s]   chances in a million, messages of nodes
 *                                          and answers
 *   stall n1 [for=1s] · release n1         nothing completes on its disk
 *   slow n1 [sync=50ms] [commit=1s] [for=5s]   of its log; of its tables
 *   full n1 [for=5s]                       ENOSPC
 *   fail-sync n1                           the next sync fails
 *   rot n1 files|tables                    one bit flips on its disk
 *   drift n1 ppm=500 · clock n1 by=-3000   clock rate; jump of the wall clock in ms
 *   cut-route 1 2 [silent|split] [for=2s]  between two servers of NATS: nothing between clients
 *   lose-server 2                          its clients find another one
 *
 * What an operator does, and machines that come and go for good:
 *
 *   add n4 [host=h] [zone=z] [weight=2]    a machine with an empty disk starts a node
 *   scrap n1                               its machine is gone for good, with its disk
 *   change …                               asked of one node after the other until it is done; see
 *                                          `operator.ts`
 *   bucket set shop n=2 w=1                asked of one node after the other until it is done: also
 *                                          create, rm and defaults, with the fields of
 *                                          `src/wire/bucket-form.ts`
 *   when begun …                           any of these, the next time a change has come so far;
 *                                          DRIVER, TARGET … in it are nodes that have that part by
 *                                          then: phases and parts are in `changes.ts`
 */
import { durationUs, parseCommand, type Command } from '../core/commands.js';
import type { CutKind } from '../seams/sim-servers.js';
import { diskFaultsNone } from '../seams/sim-disk.js';
import { isPhase } from './changes.js';
import { bucketChangeOf, changeBucketInTheEnd } from './bucket-operator.js';
import { changeInTheEnd, changeOf, removeInTheEnd } from './operator.js';
import type { SimCluster } from './sim-cluster.js';
import type { SimNode } from './sim-node.js';

type Effect = (
  cluster: SimCluster,
  command: Command,
  isOver: () => boolean,
) => (() => void) | undefined;

/** Whether the verb is a fault. */
export function isFault(verb: string): boolean {
  return verb in effects;
}

/** Applies it, and takes it back after `for=`, unless `isOver()` by then. */
export function applyFault(
  cluster: SimCluster,
  command: Command,
  isOver: () => boolean = () => false,
): void {
  const effect = effects[command.verb];
  if (effect === undefined) throw new Error(`no such fault: ${command.text}`);
  cluster.trace.add(cluster.scheduler.nowUs, 'fault', command.text);
  const undo = effect(cluster, command, isOver);
  const duration = command.options['for'];
  if (duration === undefined || undo === undefined) return;
  cluster.scheduler.in(durationUs(duration), undefined, () => {
    if (isOver()) return;
    cluster.trace.add(cluster.scheduler.nowUs, 'fault', `over: ${command.text}`);
    undo();
  });
}

/** What stands behind the first word. */
function restOf({ args, options }: Command): string {
  return [
    ...args.slice(1),
    ...Object.entries(options).map(([option, value]) => `${option}=${value}`),
  ].join(' ');
}

const effects: Readonly<Record<string, Effect>> = {
  add: (cluster, { args, options }) => {
    const { host, zone, weight, join, replaces } = options;
    cluster.add(args[0]!, {
      host,
      zone,
      join: join === 'auto' || join === 'ask' ? join : undefined,
      replaces,
      weight: weight === undefined ? undefined : Number(weight),
    });
    return undefined;
  },
  scrap: (cluster, command) => {
    nodeOf(cluster, command).scrap();
    return undefined;
  },
  change: (cluster, command, isOver) => {
    changeInTheEnd(cluster, changeOf(command), isOver);
    return undefined;
  },
  bucket: (cluster, command, isOver) => {
    changeBucketInTheEnd(cluster, bucketChangeOf(command), isOver);
    return undefined;
  },
  when: (cluster, command, isOver) => {
    const [phase = ''] = command.args;
    if (!isPhase(phase)) throw new Error(`no such phase: ${command.text}`);
    cluster.changes.when(phase, () => {
      const text = isOver() ? undefined : cluster.changes.named(restOf(command));
      if (text !== undefined) applyFault(cluster, parseCommand(text)!, isOver);
    });
    return undefined;
  },
  'cut-route': (cluster, command) => {
    const [a, b] = command.args.map(Number) as [number, number];
    cluster.nats.servers.cut(a, b, cutKindOf(command));
    return () => cluster.nats.servers.heal(a, b);
  },
  'lose-server': (cluster, { args }) => {
    const gone = Number(args[0]);
    const { servers } = cluster.options;
    if (servers > 1) cluster.nats.loseServer(gone, () => (gone % servers) + 1);
    return undefined;
  },
  crash: (cluster, command) => crashAll([nodeOf(cluster, command)], command),
  kill: (cluster, command) => {
    const node = nodeOf(cluster, command);
    node.kill();
    return () => node.start();
  },
  blackout: (cluster, command) => crashAll(cluster.nodes, command),
  wipe: (cluster, command) => {
    const node = nodeOf(cluster, command);
    node.wipe();
    if (command.args.includes('replaces')) node.replaces = node.wipedId!;
    return () => node.start();
  },
  lose: (cluster, command) => {
    const node = nodeOf(cluster, command);
    const isCut = command.args.includes('cut');
    const rejoin = isCut ? divide(cluster, [node.name], command) : (): void => node.start();
    if (!isCut) node.crash();
    let isBack = false;
    removeInTheEnd(cluster, node, () => isBack);
    return () => {
      isBack = true;
      rejoin();
    };
  },
  start: (cluster, command) => {
    nodeOf(cluster, command).start();
    return undefined;
  },
  stop: (cluster, command) => {
    const node = nodeOf(cluster, command);
    node.stop();
    return () => node.start();
  },
  pause: (cluster, command) => {
    const node = nodeOf(cluster, command);
    const { process } = node;
    node.pause();
    // Only the process that was paused: it may have been replaced.
    return () => process !== undefined && cluster.scheduler.resume(process);
  },
  resume: (cluster, command) => {
    nodeOf(cluster, command).resume();
    return undefined;
  },
  cut: (cluster, command) => {
    const [from, to] = command.args as [string, string];
    return cutWays(cluster, [{ from, to }], command);
  },
  isolate: (cluster, command) => divide(cluster, [command.args[0]!], command),
  deafen: (cluster, command) => {
    const to = nodeOf(cluster, command).name;
    const others = cluster.nodes.map(({ name }) => name).filter((name) => name !== to);
    return cutWays(
      cluster,
      others.map((from) => ({ from, to })),
      command,
    );
  },
  divide: (cluster, command) => divide(cluster, command.args[0]!.split(','), command),
  heal: (cluster) => {
    cluster.nats.healAll();
    return undefined;
  },
  clog: (cluster, command) => {
    const [from, to] = command.args as [string, string];
    const untilUs = cluster.scheduler.nowUs + durationUs(command.options['for']!);
    cluster.nats.clog({ from, to }, untilUs);
    return undefined;
  },
  hold: (cluster, command) => {
    const [from, to] = command.args as [string, string];
    const untilUs = cluster.scheduler.nowUs + durationUs(command.options['for']!);
    cluster.nats.hold({ from, to }, untilUs);
    return undefined;
  },
  lag: (cluster, command) => {
    const [from, to] = command.args as [string, string];
    cluster.nats.lag({ from, to }, durationUs(command.options['by']!));
    return () => cluster.nats.lag({ from, to }, 0);
  },
  disconnect: (cluster, { args, options }) => {
    cluster.nats.disconnect(args[0]!, { forUs: durationUs(options['for']!), why: 'fault' });
    return undefined;
  },
  strand: (cluster, { args, options }) => {
    const [forUs, lateUs] = [durationUs(options['for']!), durationUs(options['late']!)];
    cluster.nats.strand(args[0]!, { forUs, lateUs });
    return undefined;
  },
  'restart-nats': (cluster, { options }) => {
    cluster.nats.restart({ forUs: durationUs(options['for']!), spreadUs: 300_000 });
    return undefined;
  },
  noise: (cluster, { options }) => {
    const { noise } = cluster;
    const before = { ...noise };
    noise.lossPpm = Number(options['loss'] ?? 0);
    noise.duplicatePpm = Number(options['double'] ?? 0);
    noise.reorderPpm = Number(options['late'] ?? 0);
    return () => Object.assign(noise, before);
  },
  stall: (cluster, command) => {
    const { disk } = nodeOf(cluster, command);
    disk.faults.stalled = true;
    return () => disk.release();
  },
  release: (cluster, command) => {
    nodeOf(cluster, command).disk.release();
    return undefined;
  },
  slow: (cluster, command) => {
    const { faults } = nodeOf(cluster, command).disk;
    const { syncUs, commitUs } = faults;
    const { sync, commit } = command.options;
    if (sync !== undefined) faults.syncUs = durationUs(sync);
    if (commit !== undefined) faults.commitUs = durationUs(commit);
    return () => Object.assign(faults, { syncUs, commitUs });
  },
  full: (cluster, command) => {
    const { faults } = nodeOf(cluster, command).disk;
    faults.full = command.args[1] !== 'off';
    return () => (faults.full = false);
  },
  'fail-sync': (cluster, command) => {
    nodeOf(cluster, command).disk.faults.failSyncs++;
    return undefined;
  },
  rot: (cluster, command) => {
    const { disk, name } = nodeOf(cluster, command);
    const where = disk.rot(command.args[1] === 'files' ? 'files' : 'tables');
    cluster.trace.add(cluster.scheduler.nowUs, name, `rot at ${where ?? 'nothing'}`);
    return undefined;
  },
  drift: (cluster, command) => {
    nodeOf(cluster, command).clockFaults.driftPpm = Number(command.options['ppm']);
    return undefined;
  },
  clock: (cluster, command) => {
    nodeOf(cluster, command).clockFaults.wallOffsetMs += Number(command.options['by']);
    return undefined;
  },
};

function cutKindOf({ args }: Command): CutKind {
  return args.includes('split') ? 'split' : 'silent';
}

function nodeOf(cluster: SimCluster, command: Command): SimNode {
  return cluster.node(command.args[0] ?? '');
}

function crashAll(nodes: readonly SimNode[], command: Command): () => void {
  const { lose } = command.options;
  for (const { disk } of nodes) {
    disk.faults.loseAllPpm = lose === 'all' ? 1e6 : diskFaultsNone.loseAllPpm;
    disk.faults.keepAllPpm = lose === 'none' ? 1e6 : diskFaultsNone.keepAllPpm;
    if (lose === 'none') disk.faults.loseAllPpm = 0;
    if (lose !== undefined) disk.faults.tornPpm = 0;
    else disk.faults.tornPpm = diskFaultsNone.tornPpm;
  }
  const lingerUs = durationUs(command.options['linger'] ?? '0s');
  for (const node of nodes) node.crash(lingerUs);
  return () => nodes.forEach((node) => node.start());
}

function divide(cluster: SimCluster, side: readonly string[], command: Command): () => void {
  const others = cluster.nodes.map(({ name }) => name).filter((name) => !side.includes(name));
  const ways = side.flatMap((a) =>
    others.flatMap((b) => [
      { from: a, to: b },
      { from: b, to: a },
    ]),
  );
  return cutWays(cluster, ways, command);
}

function cutWays(
  cluster: SimCluster,
  ways: readonly { from: string; to: string }[],
  command: Command,
): () => void {
  const kind = cutKindOf(command);
  for (const way of ways) cluster.nats.cut(way, kind);
  return () => ways.forEach((way) => cluster.nats.heal(way));
}
