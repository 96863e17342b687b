/**
 * Whether each configuration has chosen one successor. Told of what nodes have on their disks and
 * say to each other (`chain-watch.ts`): which document a node goes by, and which votes it gave.
 *
 * It is also what the rest of the simulator knows the cluster by.
 */
import type { Configuration } from '../../../actors/rules/configuration.js';
import { isRecovered, stepBetween, type Step, textOf } from './step-rules.js';
import type { Violations } from './violations.js';

export interface SeenBallot {
  readonly round: number;
  readonly node: string;
}

interface Vote {
  readonly ballot: SeenBallot;
  /** undefined: a promise alone. */
  readonly text: string | undefined;
  /** When it was told last. */
  readonly toldUs: number;
}

/** Of more members, only some are voters. */
const votersAllMax = 7;

export class ChainOracle {
  private readonly chosen = new Map<number, Configuration>();
  private readonly votes = new Map<string, Vote>();
  /** Who accepted a document as the successor of a number, by number and document. */
  private readonly accepted = new Map<number, Map<string, Set<string>>>();
  private readonly knownBy = new Map<string, number>();
  private readonly members = new Set<string>();
  /** Of all that anybody goes by, the one with the highest number. */
  newest: Configuration | undefined;
  /** The first node that has a document, as far as can be seen. */
  readonly onChosen: ((configuration: Configuration, step: Step | undefined) => void)[] = [];
  /** A node, by its id, has a document it did not have. */
  readonly onLearned: ((node: string, configuration: Configuration) => void)[] = [];

  constructor(
    private readonly violations: Violations,
    private readonly nowUs: () => number,
  ) {}

  /** It goes by it, or has it on its disk and will. */
  learned(node: string, configuration: Configuration): void {
    const { number } = configuration;
    const known = this.chosen.get(number);
    if (known === undefined) this.choose(node, configuration);
    else if (textOf(known) !== textOf(configuration))
      this.wrong(
        'two-configurations',
        `${node} goes by another configuration ${number} than others: ${textOf(configuration)} and ${textOf(known)}`,
      );
    if (number <= (this.knownBy.get(node) ?? 0)) return;
    this.knownBy.set(node, number);
    for (const listener of this.onLearned) listener(node, configuration);
  }

  /** By any of the configurations that were seen. */
  wasMember(node: string): boolean {
    return this.members.has(node);
  }

  /** The highest number that a node has known; 0: none. */
  numberOf(node: string): number {
    return this.knownBy.get(node) ?? 0;
  }

  configuration(number: number): Configuration | undefined {
    return this.chosen.get(number);
  }

  /** As a voter told it, in the order in which it did; of what it told at once any may be first. */
  promised(voter: string, number: number, ballot: SeenBallot): void {
    this.voted(voter, number, { kind: 'promised', ballot, text: undefined });
  }

  accept(voter: string, number: number, ballot: SeenBallot, configuration: Configuration): void {
    const text = textOf(configuration);
    this.voted(voter, number, { kind: 'accepted', ballot, text });
    const texts = this.accepted.get(number) ?? new Map<string, Set<string>>();
    this.accepted.set(number, texts);
    const name = `${nameOf(ballot)} ${text}`;
    texts.set(name, (texts.get(name) ?? new Set()).add(voter));
    this.checkMajorities(number);
  }

  /** Numbers between those that were seen and that nobody ever had. */
  checkEnd(): void {
    const numbers = [...this.chosen.keys()].sort((a, b) => a - b);
    numbers.slice(1).forEach((number, i) => {
      const before = this.chosen.get(numbers[i]!)!;
      const after = this.chosen.get(number)!;
      if (number === before.number + 1 || isRecovered(before, after)) return;
      this.wrong('number-skipped', `after configuration ${before.number} comes ${number}`);
    });
  }

  private choose(node: string, configuration: Configuration): void {
    const { number } = configuration;
    this.chosen.set(number, configuration);
    for (const { id } of [...configuration.members, ...(configuration.move?.members ?? [])])
      this.members.add(id);
    const before = this.chosen.get(number - 1);
    const after = this.chosen.get(number + 1);
    if (before !== undefined) this.checkStep(before, configuration);
    if (after !== undefined) this.checkStep(configuration, after);
    if (before !== undefined) this.checkChosen(node, before, configuration);
    if (number > (this.newest?.number ?? 0)) this.newest = configuration;
    const step = before && stepBetween(before, configuration);
    for (const listener of this.onChosen) listener(configuration, step);
  }

  private checkStep(before: Configuration, after: Configuration): void {
    if (stepBetween(before, after) !== undefined) return;
    this.wrong(
      'step-not-allowed',
      `configuration ${after.number} does not follow from ${before.number}: ${textOf(before)}, then ${textOf(after)}`,
    );
  }

  /** A majority has accepted it under one ballot; of those one may be who proposed it. */
  private checkChosen(node: string, before: Configuration, after: Configuration): void {
    const voters = votersOf(before);
    const texts = this.accepted.get(before.number);
    if (voters === undefined || texts === undefined) return;
    const text = textOf(after);
    const most = Math.max(
      0,
      ...[...texts]
        .filter(([name]) => name.endsWith(text))
        .map(([, by]) => [...by].filter((voter) => voters.includes(voter)).length),
    );
    if (most + 1 < majorityOf(voters))
      this.wrong(
        'chosen-by-few',
        `${node} goes by configuration ${after.number}, which ${most} others of ${voters.length} voters have accepted`,
      );
  }

  /** Two documents with a majority each were both chosen, whether or not anybody noticed. */
  private checkMajorities(number: number): void {
    const before = this.chosen.get(number);
    const voters = before && votersOf(before);
    if (voters === undefined) return;
    const won = [...(this.accepted.get(number) ?? [])]
      .filter(([, by]) => [...by].filter((v) => voters.includes(v)).length >= majorityOf(voters))
      .map(([name]) => name.slice(name.indexOf(' {') + 1));
    if (new Set(won).size > 1)
      this.wrong(
        'chosen-twice',
        `two documents were accepted by a majority to follow configuration ${number}`,
      );
  }

  private voted(
    voter: string,
    number: number,
    { kind, ballot, text }: Pick<Vote, 'ballot' | 'text'> & { readonly kind: string },
  ): void {
    const key = `${number} ${voter}`;
    const before = this.votes.get(key);
    const toldUs = this.nowUs();
    const isLower = before !== undefined && isBefore(ballot, before.ballot);
    const isSame = before !== undefined && nameOf(before.ballot) === nameOf(ballot);
    const isOther = before?.text !== undefined && text !== undefined && before.text !== text;
    if (isLower && before.toldUs < toldUs)
      this.wrong(
        'vote-taken-back',
        `${voter} ${kind} ${nameOf(ballot)} for what follows ${number}, after ${nameOf(before.ballot)}`,
      );
    else if (isOther && isSame)
      this.wrong('vote-taken-back', `${voter} accepted two documents as ${nameOf(ballot)}`);
    // What it accepted before under a lower one it may accept something else instead of.
    const kept = isLower || isSame ? (text ?? before.text) : text;
    this.votes.set(key, { ballot: isLower ? before.ballot : ballot, text: kept, toldUs });
  }

  private wrong(rule: string, what: string): void {
    this.violations.add('safety', rule, what);
  }
}

/** undefined: too many to say who. */
function votersOf({ members, removed }: Configuration): string[] | undefined {
  const voters = members.map(({ id }) => id).filter((id) => !removed.includes(id));
  return voters.length > votersAllMax ? undefined : voters;
}

function majorityOf(voters: readonly string[]): number {
  return Math.floor(voters.length / 2) + 1;
}

function isBefore(a: SeenBallot, b: SeenBallot): boolean {
  return a.round !== b.round ? a.round < b.round : a.node < b.node;
}

function nameOf({ round, node }: SeenBallot): string {
  return `${round}/${node}`;
}
