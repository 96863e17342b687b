/**
 * A chain of choices as a naive world: nodes that vote, proposers that are the product's charts,
 * messages that come in any order, more than once or never, and disks. It knows all that was ever
 * accepted, so it knows what was chosen, and throws when two values were for one number.
 */
import { createActor, type ActorRefFrom } from 'xstate';
import { blankAcceptor, type Acceptor, type Question } from '../../actors/consensus/acceptor.js';
import {
  proposerChart,
  type ProposerEffects,
  type proposerMachine,
  type Value,
} from '../../actors/consensus/proposer.machine.js';
import {
  enrol,
  type Enrolling,
  heldWith,
  isEnrolled,
  knowsOf,
  type LifeName,
  type Lives,
  type LivesHeld,
  livesWith,
  remembering,
} from '../../actors/consensus/lives.js';
import { mayVoteAfter, voteOf, votesNowhere } from '../../actors/consensus/voter.js';
import { majorityOf } from '../../actors/rules/voters.js';
import { consensusLimits } from '../../actors/rules/limits/consensus.js';
import { ManualClock } from './manual-clock.js';

export interface WorldRules {
  /** When a voter has its vote on disk. */
  readonly storing: 'before it answers' | 'after it answers';
  /** When a voter whose disk is an old one votes again. */
  readonly oldDisk: 'where it forgot nothing' | 'at once' | 'in the next instance it learns of';
  /** How many of its own lives each knows. */
  readonly livesMax: number;
  /** Whether disks are put back at all; where none is, nobody may take its own for an old one. */
  readonly copies: boolean;
}

export const asPromised: WorldRules = {
  storing: 'before it answers',
  oldDisk: 'where it forgot nothing',
  livesMax: consensusLimits.livesMax,
  copies: true,
};

/** What was chosen, as text: `number:voters:name`. */
type Configuration = string;

interface Disk {
  readonly configuration: Configuration;
  readonly acceptor: Acceptor<Value>;
  readonly votesFrom: number;
  readonly lives: Lives;
  /** Of others, the lives it has enrolled last. */
  readonly enrolled: Readonly<Record<string, LifeName>>;
  readonly held: LivesHeld;
}

interface Proposing {
  readonly instance: number;
  readonly actor: ActorRefFrom<typeof proposerMachine>;
  readonly clock: ManualClock;
  readonly chart: SharedChart;
}

/** To make a chart takes longer than to run it: those of proposers that ended are used again. */
interface SharedChart {
  readonly chart: typeof proposerMachine;
  effects: Pick<ProposerEffects, 'ask' | 'decided' | 'jitter'>;
}
const unusedCharts: SharedChart[] = [];

function chartFor(effects: SharedChart['effects']): SharedChart {
  const shared = unusedCharts.pop();
  if (shared !== undefined) {
    shared.effects = effects;
    return shared;
  }
  const made: SharedChart = {
    effects,
    chart: proposerChart({
      ask: (voters, question) => made.effects.ask(voters, question),
      // Answers that come late must do no harm either.
      giveUp: () => undefined,
      decided: (value) => made.effects.decided(value),
      lacksMajority: () => undefined,
      superseded: () => undefined,
      jitter: () => made.effects.jitter(),
    }),
  };
  return made;
}

interface Node {
  readonly id: string;
  life: number;
  memory: Disk;
  disk: Disk;
  /** Of its disk, as each of its lives left it. */
  readonly copies: Map<number, Disk>;
  /** Who has enrolled this life. */
  enrolledBy: Set<string>;
  /** Of each other the last question of that: it is answered once. */
  calls: Map<string, object>;
  /** What leaves when the disk holds what is in memory. */
  waiting: (() => void)[];
  proposing: Proposing[];
}

function numberOf(configuration: Configuration): number {
  return Number(configuration.split(':')[0]);
}
function votersOf(configuration: Configuration): string[] {
  return configuration.split(':')[1]!.split(',');
}
const bytesOf = (configuration: Configuration): Value => Buffer.from(configuration);
const textOf = (value: Value): Configuration => Buffer.from(value).toString();

function isActive({ actor }: Proposing): boolean {
  return actor.getSnapshot().status === 'active';
}

export class ConsensusWorld {
  readonly nodes: Node[];
  /** Under way; each is done by being called. */
  readonly messages: (() => void)[] = [];
  /** By number. */
  readonly chosen = new Map<number, Configuration>();
  /** By number and ballot: who has told that it accepted the value. */
  private readonly acceptances = new Map<string, Set<string>>();
  private names = 0;

  constructor(
    size: number,
    private readonly rules: WorldRules,
    private readonly jitter: () => number,
  ) {
    const ids = Array.from({ length: size }, (_, i) => 'abcdefg'[i]!);
    const configuration = `1:${ids.slice(0, 3).join()}:first`;
    this.chosen.set(1, configuration);
    const enrolled = Object.fromEntries(ids.map((id) => [id, 0]));
    const voting = { acceptor: blankAcceptor, votesFrom: 0 };
    const held = new Map(ids.map((id) => [id, [0]]));
    const disk: Disk = { configuration, ...voting, lives: [0], enrolled, held };
    this.nodes = ids.map((id) => ({
      id,
      life: 0,
      memory: disk,
      disk,
      copies: new Map([[0, disk]]),
      enrolledBy: new Set(ids),
      calls: new Map(),
      waiting: [],
      proposing: [],
    }));
  }

  /** Whoever follows; `voters`: by index. */
  propose(node: Node, voters: readonly number[]): void {
    const { configuration } = node.disk;
    const instance = numberOf(configuration);
    const named = voters.map((at) => this.nodes[at]!.id).join();
    const wanted = bytesOf(`${instance + 1}:${named}:${node.id}${this.names++}`);
    const clock = new ManualClock();
    const { life } = node;
    const chart = chartFor({
      ask: (asked, question) => {
        for (const voter of asked)
          this.messages.push(() =>
            this.vote(voter, { from: node, life, instance, question, actor }),
          );
      },
      decided: (value) => this.learn(node, textOf(value)),
      jitter: this.jitter,
    });
    const input = { self: node.id, voters: votersOf(configuration), wanted };
    const actor = createActor(chart.chart, { clock, input });
    node.proposing.push({ instance, actor, clock, chart });
    actor.start();
  }

  /** What is in memory is on disk, and what waited for that leaves. */
  store(node: Node): void {
    node.disk = node.memory;
    node.copies.set(node.life, node.disk);
    for (const leave of node.waiting.splice(0)) leave();
  }

  crash(node: Node): void {
    node.life++;
    this.stop(node);
    node.waiting = [];
    node.enrolledBy = new Set();
    node.calls = new Map();
    const lives = livesWith(node.disk.lives, node.life, this.rules.livesMax);
    node.disk = { ...node.disk, lives };
    node.memory = node.disk;
    node.copies.set(node.life, node.disk);
    this.askToEnrol(node);
  }

  /**
   * Its disk is as an earlier life left it: a copy that was taken in the middle of the last one
   * nobody could tell from what came after it.
   */
  putBack(node: Node, copy: number): void {
    if (!this.rules.copies) return;
    const earlier = [...node.copies].filter(([life]) => life < node.life).toReversed();
    if (earlier.length === 0) return;
    [, node.disk] = earlier[copy % earlier.length]!;
    this.crash(node);
  }

  /** It ends with everything on its disk, of which there is a copy then. */
  startAgain(node: Node): void {
    this.store(node);
    this.crash(node);
  }

  /** Of what is asked and answered anything may be lost, and it may be asked again. */
  askToEnrol(node: Node): void {
    const { life } = node;
    for (const other of this.nodes)
      if (other !== node && !node.enrolledBy.has(other.id))
        this.askWhoIsEnrolled(node, other, (last) => this.hear(node, { other, life, last }));
  }

  private askWhoIsEnrolled(
    node: Node,
    other: Node,
    hear: (last: LifeName | undefined) => void,
    enrolling?: Enrolling,
  ): void {
    const call = {};
    node.calls.set(other.id, call);
    this.messages.push(() => {
      const before = other.memory.enrolled[node.id];
      const last = enrolling === undefined ? before : enrol(before, enrolling);
      const enrolled = { ...other.memory.enrolled, [node.id]: last! };
      other.memory = { ...other.memory, enrolled };
      other.waiting.push(() => {
        this.messages.push(() => {
          if (node.calls.get(other.id) !== call) return;
          node.calls.delete(other.id);
          hear(last);
        });
      });
    });
  }

  private hear(
    node: Node,
    said: { readonly other: Node; readonly life: number; readonly last: LifeName | undefined },
  ): void {
    const { other, life, last } = said;
    const { lives, held } = node.memory;
    if (last === life) return void node.enrolledBy.add(other.id);
    if (last !== undefined && !knowsOf({ lives, held }, last)) return this.hasForgotten(node, last);
    const enrolling = { life, after: last };
    const asked = { node: other.id, max: consensusLimits.livesMax, ...enrolling };
    node.memory = { ...node.memory, held: heldWith(held, asked) };
    node.waiting.push(() => {
      const heard = (now: LifeName | undefined): void => {
        if (now === life) node.enrolledBy.add(other.id);
      };
      this.askWhoIsEnrolled(node, other, heard, enrolling);
    });
  }

  private hasForgotten(node: Node, life: LifeName): void {
    if (!this.rules.copies) throw new Error('a disk was taken for an old one, and is none');
    const { memory } = node;
    const { oldDisk } = this.rules;
    const votesFrom =
      oldDisk === 'at once'
        ? memory.votesFrom
        : oldDisk === 'in the next instance it learns of'
          ? numberOf(memory.configuration) + 1
          : votesNowhere;
    const lives = remembering(memory.lives, life, this.rules.livesMax);
    node.memory = { ...memory, votesFrom, lives };
    node.waiting.push(() => this.askToEnrol(node));
  }

  private mayVote(node: Node): boolean {
    const voters = votersOf(node.memory.configuration);
    return isEnrolled({ voters, self: node.id }, (id) => node.enrolledBy.has(id));
  }

  /** Asks the others whether it can have forgotten anything of a later instance. */
  remember(node: Node): void {
    if (node.memory.votesFrom !== votesNowhere) return;
    const { configuration } = node.memory;
    const instance = numberOf(configuration);
    // Nobody else has this ballot, and who promises it keeps that to itself.
    const question = { kind: 'prepare', ballot: { round: 1_000, proposer: 'z' } } as const;
    const voters = votersOf(configuration);
    const others = voters.filter((id) => id !== node.id).map((id) => this.node(id));
    const votes = new Map(
      others.map(({ id, disk }) => [id, voteOf(voterOf(disk), instance, question).vote]),
    );
    if (mayVoteAfter({ voters, self: node.id }, votes))
      node.memory = { ...node.memory, votesFrom: instance + 1 };
    const newer = others.find(({ disk }) => numberOf(disk.configuration) > instance);
    if (newer !== undefined) this.learn(node, newer.disk.configuration);
    this.store(node);
  }

  /** One of its proposers waits no longer. */
  passTime(node: Node, at: number): void {
    for (const { chart } of node.proposing.filter((one) => !isActive(one)))
      unusedCharts.push(chart);
    node.proposing = node.proposing.filter(isActive);
    node.proposing[at % Math.max(1, node.proposing.length)]?.clock.fireNext();
  }

  /** From now on all goes well: what was chosen last is followed, by one value. */
  settle(): void {
    this.messages.length = 0;
    for (const node of this.nodes) this.crash(node);
    for (let asked = this.messages.shift(); asked !== undefined; asked = this.messages.shift()) {
      asked();
      for (const node of this.nodes) this.store(node);
    }
    const last = this.nodes.reduce((best, node) =>
      numberOf(node.disk.configuration) > numberOf(best.disk.configuration) ? node : best,
    );
    const number = numberOf(last.disk.configuration);
    this.propose(last, [0, 1, 2]);
    for (let turns = 0; numberOf(last.disk.configuration) === number; turns++) {
      if (turns > 1_000) throw new Error(`nothing follows configuration ${number}`);
      const message = this.messages.shift();
      if (message === undefined) this.passTime(last, 0);
      else message();
      for (const node of this.nodes) this.store(node);
    }
    for (const node of this.nodes) this.stop(node);
  }

  private stop(node: Node): void {
    for (const { actor, chart } of node.proposing.splice(0)) {
      actor.send({ type: 'node.stopping' });
      unusedCharts.push(chart);
    }
  }

  node(id: string): Node {
    return this.nodes.find((node) => node.id === id)!;
  }

  private vote(
    id: string,
    asked: {
      readonly from: Node;
      readonly life: number;
      readonly instance: number;
      readonly question: Question<Value>;
      readonly actor: Proposing['actor'];
    },
  ): void {
    const voter = this.node(id);
    const { from, life, instance, question, actor } = asked;
    const votesFrom = this.mayVote(voter) ? voter.memory.votesFrom : votesNowhere;
    const known = voterOf({ ...voter.memory, votesFrom });
    const { acceptor, vote } = voteOf(known, instance, question);
    voter.memory = { ...voter.memory, acceptor };
    const { configuration } = voter.memory;
    const leave = (): void => {
      if (vote.kind === 'accepted') this.noteAccepted(voter, { instance, question });
      if (vote.kind === 'behind')
        this.messages.push(() => this.learn(voter, from.disk.configuration));
      this.messages.push(() => {
        // Calls of another life have other ids.
        if (from.life !== life) return;
        if (vote.kind === 'superseded') {
          actor.send({ type: 'instance.superseded' });
          this.learn(from, configuration);
        } else actor.send({ type: 'voter.answered', voter: id, question, word: vote });
      });
    };
    if (this.rules.storing === 'before it answers') voter.waiting.push(leave);
    else leave();
  }

  private learn(node: Node, configuration: Configuration): void {
    this.noteChosen(configuration);
    const number = numberOf(configuration);
    if (number <= numberOf(node.memory.configuration)) return;
    node.memory = { ...node.memory, configuration, acceptor: blankAcceptor };
    for (const { instance, actor } of node.proposing)
      if (instance < number) actor.send({ type: 'instance.superseded' });
    node.waiting.push(() => {
      for (const other of this.nodes)
        if (other !== node) this.messages.push(() => this.learn(other, configuration));
    });
  }

  private noteAccepted(
    voter: Node,
    { instance, question }: { readonly instance: number; readonly question: Question<Value> },
  ): void {
    if (question.kind !== 'accept') return;
    const { round, proposer } = question.ballot;
    const value = textOf(question.value);
    const key = `${instance} ${round} ${proposer} ${value}`;
    const by = this.acceptances.get(key) ?? new Set();
    this.acceptances.set(key, by.add(voter.id));
    const voters = votersOf(this.chosen.get(instance)!);
    const count = voters.filter((id) => by.has(id)).length;
    if (count >= majorityOf(voters)) this.noteChosen(value);
  }

  private noteChosen(configuration: Configuration): void {
    const number = numberOf(configuration);
    const before = this.chosen.get(number) ?? configuration;
    if (before !== configuration)
      throw new Error(`two were chosen: ${before} and ${configuration}`);
    this.chosen.set(number, configuration);
  }
}

function voterOf({ configuration, acceptor, votesFrom }: Disk) {
  return { instance: numberOf(configuration), acceptor, votesFrom };
}
