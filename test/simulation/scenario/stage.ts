/** What a scenario's commands act on: the cluster, its clients, and what they were told so far. */
import { nodeOptionsDefault } from '../../../src/options/node-options.js';
import { applyFault } from '../cluster/faults.js';
import { Observatory } from '../cluster/observatory.js';
import {
  askForChange,
  askToRemove,
  changeOf,
  type ChangeAnswer,
  nextOf,
  type Plan,
  type Wanted,
} from '../cluster/operator.js';
import { SimCluster, type ClusterOptions } from '../cluster/sim-cluster.js';
import type { GetResult, ListResult, PutOptions, PutResult } from '../client/plain-client.js';
import { readContext } from '../oracle/message-reader.js';
import { traceNamed } from '../client/marks.js';
import { encodedContext } from '../workload/forger.js';
import { listedText, resultText, type KeyValueApi } from '../workload/work-client.js';
import { durationUs, parseCommand, type Command } from '../core/commands.js';
import type { SimProcess } from '../core/scheduler.js';
import type { DiskImage } from '../seams/sim-disk.js';
import { encodeValue, tokenOf } from '../workload/values.js';
import { isPhase } from '../cluster/changes.js';
import { heldBy } from '../cluster/holdings.js';
import type { Step } from '../oracle/step-rules.js';
import { unexpected, type ChangeView } from './change-words.js';
import { Load } from './load.js';
import { mismatch, type Answer } from './expectations.js';

interface Asker {
  readonly client: KeyValueApi;
  readonly process: SimProcess;
  /** Of its request under way. */
  answer: Answer | undefined;
  busy: boolean;
}

const firstVoter = 'first-voter';
/** A context nobody has given. */
const forgedFrom = 'ahead-of-';

/** How long a request may take before a scenario gives up. */
const answerWithinUs = 120e6;

export class Stage {
  readonly cluster: SimCluster;
  private readonly observatory: Observatory;
  private readonly askers = new Map<string, Asker>();
  private readonly aliases = new Map<string, string>();
  private readonly contexts = new Map<string, string>();
  private readonly images = new Map<string, DiskImage>();
  private readonly announced = new Map<string, number>();
  private readonly plans = new Map<string, Plan>();
  private readonly steps: Step[] = [];
  private load: Load | undefined;
  private traced = 0;

  constructor(
    options: ClusterOptions,
    private readonly startsByHand = false,
  ) {
    this.cluster = new SimCluster(options);
    const n = options.defaults.n ?? nodeOptionsDefault.defaults.n;
    this.observatory = new Observatory(this.cluster, () => n);
    this.cluster.chain.onChosen.push((_, step) => {
      if (step !== undefined) this.steps.push(step);
    });
    this.cluster.nats.onPublish.push((_from, { subject }) => {
      const [, bucket, key] = /^kv\.changed\.([^.]+)\.(.+)$/.exec(subject) ?? [];
      if (bucket === undefined) return;
      const name = `${bucket}/${key}`;
      this.announced.set(name, (this.announced.get(name) ?? 0) + 1);
    });
  }

  async start(): Promise<void> {
    if (this.startsByHand) return;
    this.cluster.startAll();
    if (!(await this.cluster.until(() => this.cluster.allReady, 60e6)))
      throw new Error('the cluster does not serve');
    // Until everyone knows everyone.
    await this.cluster.after(3e6);
  }

  /** With p1, f1, … replaced by the nodes they stand for. */
  named(command: Command): Command {
    const replaced = (word: string): string =>
      word
        .split(',')
        .map((part) => part.split(':').map((name) => this.aliases.get(name) ?? name))
        .map((names) => names.join(':'))
        .join(',');
    const args = command.args.map(replaced);
    const options = Object.entries(command.options).map(([name, value]) => [name, replaced(value)]);
    const words = options.map(([name, value]) => `${name}=${value}`);
    return {
      ...command,
      text: [command.verb, ...args, ...words].join(' '),
      args,
      options: Object.fromEntries(options) as Command['options'],
    };
  }

  async run(command: Command): Promise<string | undefined> {
    const { args } = command;
    switch (command.verb) {
      case 'put':
      case 'delete':
      case 'get':
      case 'list':
        this.ask(command);
        return this.finish(command.args[0]!, command);
      case 'begin':
        this.ask({ ...command, verb: args[0]!, args: args.slice(1) });
        return undefined;
      case 'end':
        return this.finish(args[0]!, command);
      case firstVoter:
        this.cluster.founding.onFirstVote = (node) => {
          this.nameVoters(node);
          const fault = command.text.slice(firstVoter.length).replaceAll('FIRST', node);
          applyFault(this.cluster, parseCommand(fault)!);
        };
        return undefined;
      case 'place':
        return this.place(args[0]!);
      case 'wait':
        await this.cluster.after(durationUs(args[0]!));
        return undefined;
      case 'wait-until':
        return this.waitUntil(this.named(command));
      case 'change':
        return this.change(this.named(command));
      case 'plan':
        return this.plan(args[0]!, this.named({ ...command, args: args.slice(1) }));
      case 'apply':
        return this.apply(this.plans.get(args[0]!), command);
      case 'expect':
        return unexpected(this.named(command).args, command.expected ?? [], this.view);
      case 'remove':
        return this.remove(this.nodeOf(args[0]!), command);
      case 'states': {
        const difference = await this.observatory.difference([args[0]!]);
        return difference;
      }
      case 'load':
        this.load = new Load(this.cluster, command.options);
        return undefined;
      case 'unload':
        return this.load!.end(command.expected ?? []);
      case 'check':
        return this.load!.check(this.observatory);
      case 'owes':
        return differs(this.owedBy(this.nodeOf(args[0]!)), command);
      case 'announced':
        return differs(this.announced.get(args[0]!) ?? 0, command);
      case 'forget':
        return this.forget(this.nodeOf(args[0]!), args[1]!);
      case 'node':
        return this.identity(this.nodeOf(args[0]!), command.expected ?? []);
      case 'snapshot':
        this.images.set(args[0]!, this.cluster.node(this.nodeOf(args[0]!)).disk.image());
        return undefined;
      case 'restore':
        this.cluster.node(this.nodeOf(args[0]!)).disk.restore(this.images.get(args[0]!)!);
        return undefined;
      default:
        throw new Error(`no such command: ${command.text}`);
    }
  }

  private nodeOf(name: string): string {
    return this.aliases.get(name) ?? name;
  }

  /** Each speaks as it did the first time. */
  private asker(name: string, frames = false): Asker {
    let asker = this.askers.get(name);
    if (asker === undefined) {
      const { client, process } = frames
        ? this.cluster.frameClient(name)
        : this.cluster.client(name);
      asker = { client, process, answer: undefined, busy: false };
      this.askers.set(name, asker);
    }
    return asker;
  }

  private ask(command: Command): void {
    const [who = '', name = '', word = ''] = command.args;
    const { options, verb } = command;
    const asker = this.asker(who, command.args.includes('frames'));
    if (asker.busy) throw new Error(`${who} has a request under way: ${command.text}`);
    asker.busy = true;
    asker.answer = undefined;
    const clear = this.onlyVia(who, options['via']);
    const written = verb === 'delete' ? '†' : word;
    this.cluster.marks.mark(who, this.traceOf(command));
    this.note(who, `${verb} ${name} ${written}`);
    const startUs = this.cluster.scheduler.nowUs;
    const done = (result: PutResult | GetResult | ListResult): void => {
      clear();
      asker.busy = false;
      const elapsedUs = this.cluster.scheduler.nowUs - startUs;
      const about = verb === 'get' ? `got ${name}` : `${verb} ${written}`;
      const isList = result.kind === 'listed';
      this.note(who, `${about} ${isList ? listedText(result) : resultText(result)}`);
      asker.answer = { result, elapsedUs };
      if (isList) return;
      const context = 'context' in result ? result.context : result.instead?.context;
      if (options['as'] !== undefined && context !== undefined)
        this.contexts.set(options['as'], context === '' ? '-' : context);
    };
    const timeoutMs = durationUs(options['timeout'] ?? '2s') / 1000;
    const strict = command.args.includes('strict');
    const quorum = options['w'] ?? options['r'];
    const count = quorum === undefined ? undefined : Number(quorum);
    if (verb === 'get') {
      asker.client.get(name, { timeoutMs, strict, ...(count && { r: count }) }, done);
      return;
    }
    if (verb === 'list') {
      const limit = options['limit'] === undefined ? {} : { limit: Number(options['limit']) };
      asker.client.list(name, { timeoutMs, strict, ...limit, ...(count && { r: count }) }, done);
      return;
    }
    const value =
      verb === 'delete'
        ? null
        : encodeValue({ token: word, body: [] }, Number(options['bytes'] ?? 16));
    const context = this.contextOf(options['context']);
    const request = {
      timeoutMs,
      strict,
      ...(count && { w: count }),
      ...(context !== undefined && { context }),
      ...(options['op'] !== undefined && { operation: options['op'] }),
      ...(options['if'] !== undefined && {
        onlyIf: options['if'] as NonNullable<PutOptions['onlyIf']>,
      }),
      ...(options['until'] !== undefined && {
        untilMs: durationUs(options['until']) / 1000,
      }),
      ...(options['ttl'] !== undefined && { ttlMs: durationUs(options['ttl']) / 1000 }),
    };
    asker.client.put(name, value, request, done);
  }

  /** Undefined: nobody looks at it. */
  private traceOf({ args, text }: Command): string | undefined {
    if (!args.includes('trace')) return undefined;
    if (args.includes('frames')) throw new Error(`only plain NATS is traced: ${text}`);
    return traceNamed(`script ${++this.traced}`);
  }

  /** As clients of seeds say what they do. */
  private note(who: string, what: string): void {
    this.cluster.trace.add(this.cluster.scheduler.nowUs, who, what);
  }

  private contextOf(name: string | undefined): string | undefined {
    if (name === undefined || name === '-') return name;
    if (name.startsWith(forgedFrom)) return ahead(this.contextOf(name.slice(forgedFrom.length))!);
    const context = this.contexts.get(name);
    if (context === undefined) throw new Error(`no context ${name}`);
    return context;
  }

  /** As if NATS had a route from the client to that node alone. */
  private onlyVia(client: string, via: string | undefined): () => void {
    if (via === undefined) return () => undefined;
    const { nats, nodes } = this.cluster;
    const others = nodes.map(({ name }) => name).filter((name) => name !== this.nodeOf(via));
    for (const to of others) nats.cut({ from: client, to }, 'split');
    return () => others.forEach((to) => nats.heal({ from: client, to }));
  }

  private async finish(who: string, command: Command): Promise<string | undefined> {
    const asker = this.asker(who);
    await this.cluster.until(() => asker.answer !== undefined, answerWithinUs);
    if (asker.answer === undefined) return 'no answer at all';
    return mismatch(asker.answer, command.expected ?? ['done'], tokenOf);
  }

  private async place(name: string): Promise<string | undefined> {
    const list = await this.observatory.preference(name);
    if (list === undefined) return 'no ring';
    const primaries = this.observatory.nOf(name);
    list.forEach((node, i) => {
      const alias = i < primaries ? `p${i + 1}` : `f${i + 1 - primaries}`;
      this.aliases.set(alias, node);
    });
    return undefined;
  }

  private nameVoters(first: string): void {
    const alive = this.cluster.nodes.filter((node) => node.alive && node.name !== first);
    this.aliases.set('first', first);
    alive.forEach(({ name }, i) => this.aliases.set(`other${i + 1}`, name));
  }

  /** Plans and applies, as one operator; what stands in the way is the answer. */
  private async change(command: Command): Promise<string | undefined> {
    const change = changeOf(command);
    const said = await this.asked(command, change);
    const next = nextOf(said);
    const last = next === undefined ? said : await this.asked(command, next);
    return expectedOf(last, command);
  }

  private async plan(name: string, command: Command): Promise<string | undefined> {
    const said = await this.asked(command, changeOf(command));
    if (said.plan !== undefined) this.plans.set(name, said.plan);
    return expectedOf(said, command);
  }

  private async apply(plan: Plan | undefined, command: Command): Promise<string | undefined> {
    if (plan === undefined) throw new Error(`no such plan: ${command.text}`);
    return expectedOf(await this.asked(command, { apply: plan }), command);
  }

  private async asked({ options }: Command, change: Wanted): Promise<ChangeAnswer> {
    const { cluster } = this;
    const via =
      options['via'] === undefined
        ? cluster.members.find(({ ready }) => ready)
        : cluster.node(this.nodeOf(options['via']));
    if (via === undefined) return { error: 'nobody serves' };
    let answer: ChangeAnswer | undefined;
    askForChange(cluster, { via, change }, (said) => (answer = said));
    await cluster.until(() => answer !== undefined, answerWithinUs);
    return answer ?? { error: 'no answer at all' };
  }

  private get view(): ChangeView {
    const { cluster, observatory, steps } = this;
    const idOf = (node: string): string => cluster.node(node).lastId;
    return {
      newest: cluster.chain.newest,
      steps,
      nameOf: (id) => cluster.changes.nameOf(id),
      owners: (name) => cluster.ownersOf(name, observatory.partitionOf(name)),
      numberOf: (node) => cluster.chain.numberOf(idOf(node)),
      holds: (node, name) => heldBy(cluster.node(node), observatory.partitionOf(name))?.has(name),
      stray: () => cluster.stray(),
      hasDeparted: (node) => !cluster.node(node).alive && cluster.hasDeparted(cluster.node(node)),
    };
  }

  private async waitUntil({ args, options }: Command): Promise<string | undefined> {
    const withinUs = durationUs(options['within'] ?? '60s');
    const { cluster } = this;
    const [phase = ''] = args;
    // What has been before does not count.
    if (isPhase(phase) && phase !== 'settled') {
      let isReached = false;
      cluster.changes.when(phase, () => (isReached = true));
      const isThere = await cluster.until(() => isReached, withinUs);
      return isThere ? undefined : `never ${phase}`;
    }
    const endUs = cluster.scheduler.nowUs + withinUs;
    let missing = await this.missing(args);
    while (missing !== undefined && cluster.scheduler.nowUs < endUs) {
      await cluster.after(100_000);
      missing = await this.missing(args);
    }
    return missing;
  }

  /** What is not so yet. */
  private async missing([what, ...of]: readonly string[]): Promise<string | undefined> {
    const { members } = this.cluster;
    switch (what) {
      case 'serving': {
        const wanted = of.length === 0 ? members : of.map((name) => this.cluster.node(name));
        const late = wanted.filter(({ ready }) => !ready).map(({ name }) => name);
        return late.length === 0 ? undefined : `not serving: ${late.join(' ')}`;
      }
      case 'hints':
        return this.observatory.hintsLeft();
      case 'converged':
        return (
          this.observatory.hintsLeft() ??
          (await this.observatory.difference([...of, ...(this.load?.names() ?? [])]))
        );
      case 'settled':
        return (
          this.cluster.changes.unsettled ??
          (this.cluster.lost().length > 0 ? 'somebody is gone for good' : undefined)
        );
      case 'knows':
        return unexpected(['knows', ...of], ['newest'], this.view);
      case 'departed':
        return unexpected(['departed', ...of], ['yes'], this.view);
      case 'unheld':
        return unexpected(['stray'], ['nothing'], this.view);
      case 'ended':
        return this.cluster.node(of[0]!).alive ? `${of[0]!} still runs` : undefined;
      case 'collected':
        return this.observatory.leftOf(of[0]!);
      default:
        throw new Error(`wait-until what? ${what}`);
    }
  }

  private owedBy(name: string): number {
    return this.cluster.node(name).node?.status().hints ?? 0;
  }

  /** As an operator would, who asks the node `via`. */
  private async remove(name: string, command: Command): Promise<string | undefined> {
    const { cluster } = this;
    const target = cluster.node(name);
    const via = cluster.node(this.nodeOf(command.options['via']!));
    let answer: string | undefined;
    askToRemove(cluster, { target, via }, (said) => (answer = said));
    await cluster.until(() => answer !== undefined, answerWithinUs);
    return target.isRemoved === (command.expected?.[0] === 'done') ? undefined : `got ${answer}`;
  }

  private identity(name: string, expected: readonly string[]): string | undefined {
    const { node, wipedId } = this.cluster.node(name);
    if (node === undefined) return `${name} does not run`;
    const is = `${node.id === (wipedId ?? node.id) ? 'known' : 'new'} ${node.status().status}`;
    return is === expected.join(' ') ? undefined : `is ${is}`;
  }

  private forget(node: string, name: string): string | undefined {
    const simNode = this.cluster.node(node);
    if (simNode.alive) return `${node} still runs`;
    const records = simNode.disk.tables.get('records')!;
    if (!records.delete(this.observatory.storageKey(name))) return `${node} has no ${name}`;
    simNode.disk.version++;
    return undefined;
  }
}

function expectedOf({ error }: ChangeAnswer, { expected }: Command): string | undefined {
  const is = error === undefined ? 'done' : 'refused';
  return is === (expected?.[0] ?? 'done') ? undefined : `${is}: ${error ?? 'it may'}`;
}

function differs(count: number, { expected = [] }: Command): string | undefined {
  return expected.join(' ') === `${count}` ? undefined : `is ${count}`;
}

/** The same actors, each with so many counters more than it has given. */
function ahead(context: string): string {
  const bytes = Buffer.from(context, 'base64url');
  const { context: claims } = readContext(bytes);
  return encodedContext([...claims].map(([actor, counter]) => [actor, counter + 199])).toString(
    'base64url',
  );
}
