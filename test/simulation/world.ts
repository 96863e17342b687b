/**
 * One seed from beginning to end: a cluster starts, clients work while faults happen, then a core
 * heals and must make progress, then everything heals and must converge, then what is left is
 * compared with what was acknowledged.
 */
import type { Configuration } from '../../actors/rules/configuration.js';
import { isGoverned } from '../../actors/rules/driver.js';
import { applyFault } from './cluster/faults.js';
import { statesOf } from './cluster/holdings.js';
import { Observatory } from './cluster/observatory.js';
import { SimCluster } from './cluster/sim-cluster.js';
import { changeInTheEnd, type Change } from './cluster/operator.js';
import type { SimNode } from './cluster/sim-node.js';
import type { GetResult, PlainClient, PutResult } from './client/plain-client.js';
import { parseCommand } from './core/commands.js';
import type { SimProcess } from './core/scheduler.js';
import { AckOracle } from './oracle/ack-oracle.js';
import { ConfigurationOracle } from './oracle/configuration-oracle.js';
import { nameOf } from './oracle/message-reader.js';
import { partMissing, partsLeft, type StatesHeld } from './oracle/parts-oracle.js';
import { checkEnd } from './oracle/end-oracle.js';
import { EventOracle } from './oracle/event-oracle.js';
import { HintOracle } from './oracle/hint-oracle.js';
import { History, type Write } from './oracle/history.js';
import { checkShown, type ReadRules } from './oracle/read-oracle.js';
import { WatchOracle } from './oracle/watch-oracle.js';
import type { Violation } from './oracle/violations.js';
import { Sometimes } from './sometimes.js';
import {
  countsOf,
  decodeValue,
  encodeValue,
  forgetUploads,
  unionOf,
  type Value,
} from './workload/values.js';
import { Forger } from './workload/forger.js';
import { Watcher } from './workload/watcher.js';
import { type ClientSurroundings, type WorkBucket, WorkClient } from './workload/work-client.js';
import { wallSkewUsOf, type WorldOptions } from './world-options.js';

export interface WorldResult {
  readonly violation: Violation | undefined;
  readonly violations: readonly Violation[];
  /** Hash over the whole trace: equal for equal runs. */
  readonly digest: string;
  readonly trace: string;
  readonly virtualUs: number;
  readonly requests: number;
  readonly steps: number;
  readonly tally: ReadonlyMap<string, number>;
  readonly sometimes: ReadonlySet<string>;
}

/** Bounds of what must happen once nothing is in its way any more. */
const bootWithinUs = 60e6;
const progressWithinUs = 60e6;
const convergeWithinUs = 15 * 60e6;
/** Where tombstones stay for longer, nobody waits for parts to go. */
const freeingGraceMsMax = 60_000;
const freeingPatienceMs = 120_000;
const settleWithinUs = 15 * 60e6;
const watchWithinUs = 2 * 60e6;
const readPatienceUs = 4e6;
/** How often a name is read again that seems to be absent. */
const asksAgainMax = 20;
/** How long an operator asks for one change before looking again what is needed. */
const operatorPatienceUs = 60e6;
/** By then who waits has been taken in. */
const restMinUs = 10e6;
/** What is minted may be told for the first time when a round settles. */
const lateSlackUs = 1e6;

/** A disk may stand still for so long before it syncs what it was given. */
const stallUsMax = 10e6;

export interface RunOptions {
  readonly keepTrace?: boolean;
  readonly onLine?: (line: string) => void;
  /** Before anything happens. */
  readonly onCluster?: (cluster: SimCluster) => void;
}

export async function runWorld(options: WorldOptions, run: RunOptions = {}): Promise<WorldResult> {
  const world = new World(options, run);
  await world.run();
  return world.result();
}

/** Or ended, because it was removed. */
function serves({ ready, isRemoved }: SimNode): boolean {
  return ready || isRemoved;
}

/** What an operator does once these are gone for good. */
function wantedOnceLost(newest: Configuration, lost: readonly string[]): Change {
  const isGone = (id: string): boolean => lost.includes(id);
  // Too few are left to say that the others are gone.
  if (!isGoverned(newest, { isDown: isGone })) return { kind: 'recover' };
  const { members, move } = newest;
  const isAmong = (places: typeof members): boolean => places.some(({ id }) => isGone(id));
  // Who owned something before as well is there however often it is cancelled.
  if (move !== undefined && isAmong(move.members) && !isAmong(members)) return { kind: 'cancel' };
  return { kind: 'plan', add: [], leave: [], remove: lost.slice(0, 1), replace: [], places: [] };
}

function progressKey(bucket: string): string {
  return `${bucket}/progress`;
}

class World {
  private readonly cluster: SimCluster;
  private readonly history: History;
  private readonly workers: WorkClient[] = [];
  private readonly watchers: Watcher[] = [];
  private readonly watches = new WatchOracle();
  /** What each name held when all was quiet. */
  private readonly final = new Map<string, readonly string[]>();
  private forger: Forger | undefined;
  private readonly sometimes: Sometimes;
  private readonly checker: { client: PlainClient; process: SimProcess };
  private readonly observatory: Observatory;
  private readonly acks: AckOracle;
  private readonly hints: HintOracle;
  private readonly configurations: ConfigurationOracle;
  private readonly events = new EventOracle();
  private faultsOver = false;
  private progress = 0;

  constructor(
    private readonly options: WorldOptions,
    run: RunOptions,
  ) {
    const { onLine } = run;
    forgetUploads();
    this.cluster = new SimCluster({
      ...options.cluster,
      keepTrace: run.keepTrace ?? false,
      ...(onLine && { onLine }),
    });
    run.onCluster?.(this.cluster);
    this.history = new History(wallSkewUsOf(options));
    this.cluster.clocksCount = this.history.skewUs !== Infinity;
    this.cluster.dots.onMinted = (token, dot, by) => this.checkMinting(token, dot, by);
    this.sometimes = new Sometimes(this.cluster);
    this.checker = this.cluster.client('checker');
    this.observatory = new Observatory(this.cluster, (name) => this.nNow(name));
    this.acks = new AckOracle(this.history, this.cluster.violations);
    this.hints = new HintOracle(this.cluster.violations);
    this.configurations = new ConfigurationOracle(
      this.history,
      this.cluster.violations,
      () => this.cluster.scheduler.nowUs,
    );
    this.listen();
  }

  private listen(): void {
    const { nats, merges } = this.cluster;
    merges.onAcked.push((merge) => {
      this.hints.acked(merge);
      this.acks.acked(merge);
      this.configurations.ackedMerge(merge);
    });
    merges.onAsked.push((merge) => this.configurations.askedMerge(merge));
    nats.onPublish.push((_from, publication) => {
      this.configurations.hear(publication);
      this.events.hear(publication);
    });
    this.cluster.onNode(({ name, disk }) => {
      disk.onSynced = (bytes) => this.acks.synced(name, bytes);
    });
    this.cluster.chain.onChosen.push((_, step) => {
      if (step !== undefined) this.sometimes.reach(`step: ${step}`);
    });
  }

  async run(): Promise<void> {
    const phases = [
      () => this.boot(),
      () => this.work(),
      () => this.healCore(),
      () => this.healAll(),
      () => this.converge(),
      () => this.compare(),
      () => this.checkWatches(),
      () => this.freeParts(),
    ];
    for (const phase of phases) {
      await phase();
      if (this.cluster.violations.first !== undefined) break;
    }
    this.checkPromises();
    this.checkInside();
    this.cluster.abandon();
  }

  result(): WorldResult {
    const { cluster } = this;
    const tally = new Map<string, number>();
    let requests = 0;
    requests += this.forger?.pace.asked ?? 0;
    for (const worker of this.workers) {
      requests += worker.pace.asked;
      for (const [what, count] of worker.tally) tally.set(what, (tally.get(what) ?? 0) + count);
    }
    return {
      violation: cluster.violations.first,
      violations: cluster.violations.list,
      digest: cluster.trace.digest(),
      trace: cluster.trace.text(),
      virtualUs: cluster.scheduler.nowUs,
      requests,
      steps: cluster.scheduler.steps,
      tally,
      sometimes: this.sometimes.reached,
    };
  }

  private async boot(): Promise<void> {
    const { cluster, options } = this;
    if (options.bootFaults.length > 0) return this.bootInTrouble();
    let late: string | undefined;
    cluster.founding.onFirstVote = (node) => {
      for (const { atUs, text } of options.lateFounderFaults ?? []) {
        late = node;
        this.befall(atUs, text.replaceAll('LATE', node));
      }
    };
    cluster.startAll();
    const serves = (): boolean => cluster.nodes.every(({ name, ready }) => ready || name === late);
    if (!(await cluster.until(serves, bootWithinUs)))
      return this.stuck('boot', `not serving: ${this.notReady().join(' ')}`);
    // Until everyone has heard of everyone.
    await cluster.after(3e6);
  }

  /** At once where `atUs` is 0: before what is being told is heard. */
  private befall(atUs: number, text: string): void {
    const { cluster } = this;
    const apply = (): void => {
      if (!this.faultsOver) applyFault(cluster, parseCommand(text)!, () => this.faultsOver);
    };
    if (atUs === 0) apply();
    else cluster.scheduler.in(atUs, undefined, apply);
  }

  /**
   * Nodes start one by one while things go wrong; once they do not any more, there is one cluster.
   */
  private async bootInTrouble(): Promise<void> {
    const { cluster, options } = this;
    let over = false;
    cluster.founding.onFirstVote = (node) => {
      for (const text of options.firstVoterFaults.map((fault) => fault.replace('FIRST', node)))
        applyFault(cluster, parseCommand(text)!, () => over);
    };
    for (const { atUs, text } of options.bootFaults)
      cluster.scheduler.in(atUs, undefined, () =>
        applyFault(cluster, parseCommand(text)!, () => over),
      );
    await cluster.after(Math.max(...options.bootFaults.map(({ atUs }) => atUs)) + 1e6);
    over = true;
    cluster.founding.onFirstVote = () => undefined;
    cluster.heal(cluster.nodes);
    if (!(await cluster.until(() => cluster.isFounded || this.failed, bootWithinUs)))
      return this.stuck('founding', `not serving: ${this.notReady().join(' ')}`);
    await cluster.after(3e6);
  }

  /**
   * While nothing is wrong everything is done, and all blind puts of a key are ordered by one node,
   * as are those on a condition: they never leave siblings.
   */
  private checkHealthy(result: PutResult | GetResult, name: string): void {
    const { faults, bootFaults, lateFounderFaults = [], forger } = this.options;
    if (faults.length + bootFaults.length + lateFounderFaults.length > 0) return;
    // Who is not of the core ends then, with what it had taken.
    if (this.faultsOver) return;
    // Where bounds were drawn so narrow that they refuse, refusing is right, and who tries again
    // leaves beside it what was put since.
    const isRoomy = Object.keys(this.options.cluster.storeBounds).length === 0;
    if (isRoomy && result.kind === 'failed' && [0, 429, 503, 504].includes(result.code))
      this.cluster.violations.add(
        'liveness',
        'unavailable-in-health',
        `${name}: ${result.code} ${result.message}, without any fault`,
      );
    const isHonest = forger === undefined;
    if (
      isRoomy &&
      isHonest &&
      (name.startsWith('blind/') || this.bucketOf(name)?.use === 'conditional') &&
      result.kind === 'found' &&
      result.values.length > 1
    )
      this.cluster.violations.add(
        'safety',
        'siblings-in-health',
        `${name} has ${result.values.length} values without any fault, where one node orders its puts`,
      );
  }

  private async work(): Promise<void> {
    const { cluster, options } = this;
    const startUs = cluster.scheduler.nowUs;
    for (let i = 1; i <= options.clients; i++) this.workers.push(this.worker(`c${i}`));
    this.startWatchers();
    for (const worker of this.workers) worker.start();
    this.forger = this.makeForger();
    this.forger?.start();
    for (const { atUs, text } of options.faults)
      cluster.scheduler.in(atUs, undefined, () => {
        if (this.faultsOver) return;
        const command = parseCommand(text)!;
        this.sometimes.reach(`fault: ${command.verb}`);
        applyFault(cluster, command, () => this.faultsOver);
      });
    await cluster.until(() => this.failed, startUs + options.workUs - cluster.scheduler.nowUs);
    for (const worker of this.workers) worker.pace.stopped = true;
    if (this.forger !== undefined) this.forger.pace.stopped = true;
    this.faultsOver = true;
  }

  /**
   * FoundationDB's and TigerBeetle's second half of a run: those who are well again must not wait
   * for those who are not.
   */
  private async healCore(): Promise<void> {
    const { cluster, options } = this;
    if (options.core.length >= options.cluster.nodes) return;
    const core = cluster.members.filter(({ name }) => options.core.includes(name));
    this.note(`core heals: ${options.core.join(' ')}`);
    for (const node of cluster.nodes) if (!core.includes(node)) node.crash();
    cluster.heal(core);
    if (!(await cluster.until(() => core.every(serves), bootWithinUs)))
      return this.stuck('core-boot', `not serving: ${this.notReady().join(' ')}`);
    await this.demandProgress();
  }

  private async healAll(): Promise<void> {
    const { cluster, options } = this;
    this.note('all heals');
    cluster.heal(cluster.nodes);
    cluster.changes.forget();
    const areReady = await cluster.until(() => cluster.allReady, bootWithinUs);
    // Whoever alone knew what was chosen last may be gone: then a new member waits until somebody
    // asks for the next change.
    if (!areReady && options.isChanging !== true)
      return this.stuck('reboot', `not serving: ${this.notReady().join(' ')}`);
    const patienceUs = (this.options.work.timeoutMs + 2000) * 1000;
    const isIdle = (): boolean =>
      this.workers.every(({ pace }) => pace.idle) && this.forger?.pace.idle !== false;
    if (!(await cluster.until(isIdle, patienceUs)))
      this.stuck('no-answer', 'a request was neither answered nor given up');
    await this.demandProgress();
    if (options.isChanging !== true) return;
    await this.settle();
    if (!this.failed && !(await cluster.until(() => cluster.allReady, bootWithinUs)))
      this.stuck('reboot', `not serving once settled: ${this.notReady().join(' ')}`);
  }

  /** An operator declares gone what is gone, and what was begun comes to an end. */
  private async settle(): Promise<void> {
    const { cluster } = this;
    const endUs = cluster.scheduler.nowUs + settleWithinUs;
    let againUs = 0;
    let restedUs = 0;
    while (cluster.scheduler.nowUs < endUs && !this.failed) {
      const lost = cluster.lost();
      const isSettled = lost.length === 0 && cluster.changes.unsettled === undefined;
      // Who waits may come by itself, once nothing moves.
      if (isSettled && (cluster.options.join === 'ask' || restedUs >= restMinUs)) return;
      restedUs = isSettled ? restedUs + 1e6 : 0;
      if (lost.length > 0 && cluster.scheduler.nowUs >= againUs) {
        const wanted = wantedOnceLost(cluster.chain.newest!, lost);
        againUs = cluster.scheduler.nowUs + operatorPatienceUs;
        changeInTheEnd(
          cluster,
          wanted,
          () => cluster.scheduler.nowUs >= againUs,
          () => (againUs = 0),
        );
      }
      await cluster.after(1e6);
    }
    const lost = cluster.lost().map((id) => cluster.changes.nameOf(id));
    this.stuck(
      'no-settlement',
      `${cluster.changes.unsettled ?? 'nothing is under way'}; gone for good: ${lost.join(' ') || 'nobody'}`,
    );
  }

  /** A put and a get of every bucket succeed, with as many nodes as are there. */
  private async demandProgress(): Promise<void> {
    for (const { name } of this.options.work.buckets) {
      const key = progressKey(name);
      const put = await this.retry((done) =>
        this.checker.client.put(key, this.progressValue(), { timeoutMs: 2000, w: 1 }, done),
      );
      if (!put) return this.stuck('no-progress', `no put of ${key} succeeds`);
      const got = await this.retry((done) =>
        this.checker.client.get(key, { timeoutMs: 2000, r: 1 }, done),
      );
      if (!got) return this.stuck('no-progress', `no get of ${key} succeeds`);
    }
  }

  private progressValue(): Buffer {
    return encodeValue({ token: `progress.${++this.progress}`, body: [] }, 16);
  }

  private async retry(
    attempt: (done: (result: { readonly kind: string }) => void) => void,
  ): Promise<boolean> {
    let succeeded = false;
    const { scheduler } = this.cluster;
    const again = (): void =>
      attempt((result) => {
        if (result.kind !== 'failed') succeeded = true;
        else scheduler.in(200_000, this.checker.process, again);
      });
    again();
    return this.cluster.until(() => succeeded, progressWithinUs);
  }

  /**
   * No hint is left, the primaries of every key hold equal states, their hash trees agree, and what
   * has expired gave its space back.
   */
  private async converge(): Promise<void> {
    const { cluster, observatory } = this;
    const progressKeys = this.options.work.buckets.map(({ name }) => progressKey(name));
    const names = [...this.history.names(), ...progressKeys];
    // What lies in a route yet may bring a hint.
    await cluster.after(Math.max(0, cluster.nats.heldUntilUs - cluster.scheduler.nowUs));
    const endUs = cluster.scheduler.nowUs + convergeWithinUs;
    let difference: string | undefined = 'never looked';
    while (cluster.scheduler.nowUs < endUs && !this.failed) {
      await cluster.after(1e6);
      difference =
        observatory.hintsLeft() ??
        (await observatory.difference(names)) ??
        (await observatory.treesDiffer(names)) ??
        (cluster.clocksCount ? observatory.expiredIn(names) : undefined) ??
        (this.options.isChanging === true ? cluster.stray() : undefined) ??
        // While others were asked, what lay in a link may have come.
        observatory.hintsLeft();
      if (difference === undefined) return;
    }
    if (difference !== undefined) this.stuck('no-convergence', difference);
  }

  /** All is quiet: every name is read with all its primaries, and compared with the history. */
  private async compare(): Promise<void> {
    for (const name of this.history.names()) {
      const result = await this.read(name);
      if (result === undefined) return this.stuck('no-read', `${name} can't be read`);
      const bytes = result.kind === 'found' ? result.values : [];
      const values = bytes.filter((value) => value !== null).map(decodeValue);
      this.checkFinal(name, values);
    }
  }

  /**
   * Who owns a key has what its big values refer to, and in the end nobody has anything else. While
   * a member is away nothing is forgotten, so an operator declares gone who is; of two clocks that
   * differ nobody knows which is right, so where no more are left they are set.
   */
  private async freeParts(): Promise<void> {
    const { work } = this.options;
    const { cluster } = this;
    if (work.partBytes === undefined) return;
    const { uploadLeaseMs, tombstoneGraceMs } = cluster.options;
    const isSoon = tombstoneGraceMs <= freeingGraceMsMax;
    if (isSoon && cluster.lost().length > 0 && this.partMissing() === undefined)
      await this.settle();
    if (cluster.members.length < 3)
      for (const { clockFaults } of cluster.members) clockFaults.wallOffsetMs = 0;
    const waitMs = isSoon ? 2 * uploadLeaseMs + 4 * tombstoneGraceMs + freeingPatienceMs : 0;
    const endUs = cluster.scheduler.nowUs + waitMs * 1000;
    let missing = this.partMissing();
    let left = this.partsLeft();
    while ((missing ?? left) !== undefined && cluster.scheduler.nowUs < endUs && !this.failed) {
      await cluster.after(5e6);
      missing = this.partMissing();
      left = this.partsLeft();
    }
    if (missing !== undefined) cluster.violations.add('safety', 'part-missing', missing);
    else if (left === undefined) this.sometimes.reach('parts: freed');
    else if (isSoon) this.stuck('parts-left', left);
  }

  /** Where fewer nodes acknowledge a part than may lose it, it may be gone with them. */
  private partMissing(): string | undefined {
    const { cluster, copiesMin } = this;
    return this.inStores((held, node, partition) =>
      partMissing(held, (key) => {
        const name = nameOf(key);
        return cluster.owns(node, name, partition) && cluster.quorumOf(name) >= copiesMin;
      }),
    );
  }

  private partsLeft(): string | undefined {
    return this.inStores((held) => partsLeft(held));
  }

  private inStores(
    wrongIn: (held: StatesHeld, node: SimNode, partition: number) => string | undefined,
  ): string | undefined {
    for (const node of this.cluster.members)
      for (let partition = 0; partition < this.cluster.options.partitions; partition++) {
        const held = statesOf(node, partition);
        const wrong = held && wrongIn(held, node, partition);
        if (wrong !== undefined) return `${node.name}: ${wrong}`;
      }
    return undefined;
  }

  private checkFinal(name: string, values: readonly Value[]): void {
    const { violations, dots } = this.cluster;
    const { history } = this;
    const readable = values.map(({ token }) => token);
    this.final.set(name, readable);
    this.note(`final ${name} [${readable.join(' ')}]`);
    const { nowUs } = this.cluster.scheduler;
    // Reading may have taken a while; what had to be gone before must be.
    checkShown({ name, shown: readable, askedUs: nowUs - readPatienceUs }, this.rules);
    const { copiesMin } = this;
    const mayBeCut = (write: Write): boolean => this.mayBeCut(write);
    const rules = { history, violations, copiesMin, nowUs, mayBeCut, copies: dots };
    checkEnd(name, readable, rules);
    if (copiesMin === 1) this.checkMeaning(name, values);
  }

  /**
   * What the application sees: sets have all elements that were added, counters count at least what
   * was counted.
   */
  private checkMeaning(name: string, values: readonly Value[]): void {
    const { violations } = this.cluster;
    // Not its name: a bucket may be drawn for one use and given another.
    const use = this.bucketOf(name)?.use;
    const elements = new Set(unionOf(values));
    const counts = countsOf(values);
    for (const { token, outcome } of this.history.of(name)) {
      if (outcome !== 'done') continue;
      if (use === 'sets' && !elements.has(token))
        violations.add('safety', 'set-element-lost', `${name} misses ${token}`);
    }
    if (use !== 'counters') return;
    for (const worker of this.workers) {
      const [least, most] = worker.countsOf(name);
      const count = counts.get(worker.name) ?? 0;
      if (count < least || count > most)
        violations.add(
          'safety',
          'miscounted',
          `${name}: ${worker.name} counted ${least} to ${most}, it says ${count}`,
        );
    }
  }

  /**
   * With `periodic`: power failed before it was synced anywhere, or for all that is known of a
   * delete, whose bytes have no name.
   */
  private mayBeCut(write: Write): boolean {
    const { durability } = this.options.cluster;
    if (durability.kind === 'sync') return false;
    const syncedByUs = write.endedUs + durability.everyMs * 1000 + stallUsMax;
    const wasCut = this.cluster.nodes.some(({ crashesUs }) =>
      crashesUs.some((atUs) => atUs >= write.askedUs && atUs <= syncedByUs),
    );
    return wasCut && (write.isDelete || !this.acks.wasDurable(write.token));
  }

  private startWatchers(): void {
    const { cluster, options, watches: oracle } = this;
    const { scheduler, trace } = cluster;
    for (const [i, { bucket, ...how }] of (options.watchers ?? []).entries()) {
      const name = `w${i + 1}`;
      const { process, bus } = cluster.client(name);
      const random = cluster.random.fork(`watcher ${name}`);
      const around = { scheduler, process, bus, random, trace, oracle };
      const watcher = new Watcher(name, bucket, around, how);
      this.watchers.push(watcher);
      watcher.start();
    }
  }

  /** Once all is quiet, everybody who watches has been told what the keys hold. */
  private async checkWatches(): Promise<void> {
    const { cluster, history, watches, final } = this;
    for (const watcher of this.watchers) watcher.leaveInPeace();
    watches.checkInvented(history, cluster.violations);
    // What was lost with a disk is told by nobody.
    if (!this.options.disksKeep || this.copiesMin > 1) return;
    const endUs = cluster.scheduler.nowUs + watchWithinUs;
    let missing = watches.missing(history, final);
    while (missing !== undefined && cluster.scheduler.nowUs < endUs) {
      await cluster.after(1e6);
      missing = watches.missing(history, final);
    }
    if (missing !== undefined) cluster.violations.add('safety', missing.rule, missing.what);
    for (const told of watches.all) {
      if (told.statuses.includes('lost')) this.sometimes.reach('a watch went on at another node');
      if (told.statuses.includes('resynced')) this.sometimes.reach('a watch was resynchronised');
    }
    for (const watcher of this.watchers) watcher.stop();
  }

  private async read(name: string): Promise<GetResult | undefined> {
    const { client } = this.checker;
    const n = this.nNow(name);
    const r = (await this.observatory.primariesOf(name)) ?? n;
    const ask = async (): Promise<GetResult | undefined> => {
      let found: GetResult | undefined;
      // Strict is no fewer than the bucket's R, which may be more than disks have left.
      await this.retry((done) =>
        client.get(name, { timeoutMs: 3000, r, strict: r === n }, (result) => {
          found = result;
          done(result);
        }),
      );
      return found;
    };
    let found = await ask();
    // Not strict, a fallback that has nothing may have answered for a primary that was slow.
    let asksLeft = r < n ? asksAgainMax : 0;
    while (asksLeft-- > 0 && found?.kind === 'absent') found = await ask();
    return found?.kind === 'failed' ? undefined : found;
  }

  /** What a node caught and counted is as wrong as what it did not catch. */
  private checkInside(): void {
    for (const { name, node } of this.cluster.nodes) {
      const counters = node?.status().counters ?? {};
      const failures = counters['peers.handlerFailures'] ?? 0;
      if (failures > 0)
        this.cluster.violations.add(
          'crash',
          'handler-failed',
          `${name}: ${failures} handlers threw`,
        );
    }
    for (const node of this.cluster.nodes) if (node.wipedId !== undefined) this.checkWiped(node);
    this.sometimes.look();
    if (this.configurations.hasRefused)
      this.sometimes.reach('a node went by another configuration');
  }

  /** Oracles that know a promise was broken only when all is over. */
  private checkPromises(): void {
    if (this.failed) return;
    if (this.copiesMin === 1) this.hints.checkEnd();
    this.cluster.chain.checkEnd();
    this.events.checkEnd(this.history, this.cluster.violations);
  }

  /**
   * It comes back as another node. Serving in the old one's place it would acknowledge with what it
   * has lost; it may in one of its own.
   */
  private checkWiped(wiped: SimNode): void {
    const { name, node, wipedId } = wiped;
    const { id, status } = node?.status() ?? {};
    const isPlaced = this.cluster.chain.wasMember(wiped.lastId) && id === wiped.lastId;
    if (id === wipedId || (status === 'serving' && !isPlaced))
      this.cluster.violations.add(
        'safety',
        'wiped-node-serves',
        `${name} was ${wipedId}, is ${id}: ${status}`,
      );
  }

  /**
   * How many nodes must have acknowledged what must not be lost: one more than lose what they have.
   */
  private get copiesMin(): number {
    const loses = this.options.faults.some(({ text }) =>
      /(^| )(wipe|lose|scrap|remove|replace) /.test(text),
    );
    return this.options.disksKeep && !loses ? 1 : 2;
  }

  private worker(name: string): WorkClient {
    const { cluster, options } = this;
    const useFrames = Number(name.slice(1)) <= options.frameClients;
    const { client, process } = useFrames ? cluster.frameClient(name) : cluster.client(name);
    return new WorkClient(name, client, {
      ...this.surroundingsOf(name, process),
      rules: this.rules,
      options: options.work,
      usesFrames: useFrames,
      onResult: (result, name, askedUs) => {
        this.sometimes.result(result, name);
        if (!useFrames && (result.kind === 'found' || result.kind === 'absent'))
          this.configurations.read({ name, askedUs, receipt: result.receipt });
        this.checkHealthy(result, name);
      },
    });
  }

  private surroundingsOf(name: string, process: SimProcess): ClientSurroundings {
    const { cluster, history } = this;
    const { scheduler, trace } = cluster;
    const random = cluster.random.fork(`client ${name}`);
    const onWritten = (write: Write, result: PutResult): void => {
      this.acks.answered(write, result);
      this.configurations.written(write, result);
    };
    return { scheduler, process, random, trace, history, onWritten };
  }

  private makeForger(): Forger | undefined {
    const { cluster, options } = this;
    if (options.forger === undefined) return undefined;
    // As the others are called: by their names values are found on disks.
    const name = `c${options.clients + 1}`;
    const { client, process } = cluster.client(name);
    return new Forger(name, client, {
      ...this.surroundingsOf(name, process),
      work: options.work,
      options: options.forger,
    });
  }

  /** Long after the deadline its author may have put something else, which it would replace. */
  private checkMinting(token: string, dot: string, coordinator: string): void {
    const { violations, scheduler, nodes } = this.cluster;
    const write = this.history.writes.get(token);
    if (write === undefined) return;
    // An earlier life of the node may have minted it: its log tells of it only now.
    const by = nodes.find(({ idOnceRead }) => idOnceRead === coordinator);
    if (by !== undefined && by.startedUs > write.askedUs) return;
    const lateUs = scheduler.nowUs - write.mintByUs;
    if (lateUs > lateSlackUs)
      violations.add(
        'safety',
        'minted-late',
        `${write.name}: ${token} was minted as ${dot} ${lateUs / 1000} ms after its deadline`,
      );
  }

  private get rules(): ReadRules {
    const { violations, dots } = this.cluster;
    const { disksKeep } = this.options;
    return {
      history: this.history,
      violations,
      disksKeep,
      copies: dots,
      nOf: (name) => this.nOf(name),
    };
  }

  private nNow(name: string): number {
    return this.cluster.replicasOf(name.split('/')[0]!) ?? this.nOf(name);
  }

  /** At the beginning. */
  private nOf(name: string): number {
    return this.bucketOf(name)?.n ?? 3;
  }

  private bucketOf(name: string): WorkBucket | undefined {
    const bucket = name.split('/')[0]!;
    return this.options.work.buckets.find((candidate) => candidate.name === bucket);
  }

  private notReady(): string[] {
    return this.cluster.members
      .filter(({ ready }) => !ready)
      .map(({ name, node }) => `${name} (${node?.status().status ?? 'down'})`);
  }

  private get failed(): boolean {
    return this.cluster.violations.first !== undefined;
  }

  private stuck(rule: string, what: string): void {
    this.cluster.violations.add('liveness', rule, what);
  }

  private note(what: string): void {
    this.cluster.trace.add(this.cluster.scheduler.nowUs, 'world', what);
  }
}
