/** Carries a schedule out: what begins, what is over, and what of both is wrong at a moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClockTrouble } from './checks/checks.js';
import type { Hold } from './checks/held.js';
import type { Changes } from './changes/changes.js';
import { isChange } from './changes/draw-changes.js';
import type { SoakCluster } from './cluster.js';
import type { LinkFault, SoakNetwork } from './network/network.js';
import type { Outages } from './outages.js';
import type { Trouble } from './trouble.js';
import { nowMs } from './workload/worker.js';

/** Until a node has read that its clock is right again, and some. */
const clockReadMsMax = 1_000;

interface Moment {
  readonly atMs: number;
  readonly trouble: Trouble;
  readonly begins: boolean;
}

export class Troubles {
  private readonly links = new Map<Trouble, readonly LinkFault[]>();
  /** How many troubles a host is kept away by. */
  private readonly away = new Map<string, number>();
  /** Of what is not over yet: it may last longer than the schedule says, on a busy machine. */
  private readonly ends = new Map<Trouble, () => void>();
  readonly clocks: ClockTrouble[] = [];
  readonly holds: Hold[] = [];

  constructor(
    private readonly options: {
      readonly cluster: SoakCluster;
      readonly network: SoakNetwork;
      readonly outages: Outages;
      readonly changes: Pick<Changes, 'ask'>;
      readonly say: (line: string) => void;
    },
  ) {}

  /** Resolves at the end of the schedule, or soon after `signal`. */
  async run(schedule: readonly Trouble[], durationMs: number, signal: AbortSignal): Promise<void> {
    const moments: Moment[] = schedule.flatMap((trouble) => [
      { atMs: trouble.atMs, trouble, begins: true },
      ...(isChange(trouble)
        ? []
        : [{ atMs: trouble.atMs + trouble.forMs, trouble, begins: false }]),
    ]);
    moments.sort((a, b) => a.atMs - b.atMs);
    const beganMs = nowMs();
    for (const { atMs, trouble, begins } of moments) {
      await sleep(Math.max(0, beganMs + atMs - nowMs()), undefined, { signal }).catch(
        () => undefined,
      );
      if (signal.aborted) return;
      this.options.say(
        `${(atMs / 1000).toFixed(3)} ${begins ? '' : 'over: '}${trouble.words.join(' ')}`,
      );
      if (isChange(trouble)) this.options.changes.ask(trouble.words);
      else if (begins) await this.begin(trouble);
      else await this.end(trouble);
    }
    await sleep(Math.max(0, beganMs + durationMs - nowMs()), undefined, { signal }).catch(
      () => undefined,
    );
  }

  private async begin(trouble: Trouble): Promise<void> {
    const { cluster, network, outages } = this.options;
    const startMs = nowMs();
    const holds = holdsOf(trouble).map((hold) => Object.assign(hold, { startMs, endMs: Infinity }));
    this.holds.push(...holds);
    const [verb, first = '', second = '', amount = '0'] = trouble.words;
    const isBack = this.isNoticed(trouble.words)
      ? outages.begin(isOfOne(verb) ? [first] : [first, second])
      : undefined;
    this.ends.set(trouble, () => {
      for (const hold of holds) hold.endMs = nowMs();
      isBack?.();
    });
    if (verb === 'kill') {
      this.count(`kill ${first}`, 1);
      await cluster.kill(first);
    } else if (verb === 'stop') {
      this.count(`stop ${first}`, 1);
      cluster.stop(first);
    } else if (verb === 'clock') {
      const offsetMs = Number(second);
      const clock = { startMs, endMs: Infinity, offsetMs };
      this.clocks.push(clock);
      this.ends.set(trouble, () => (clock.endMs = nowMs() + clockReadMsMax));
      cluster.setClock(first, offsetMs);
    } else {
      this.links.set(trouble, faultsOf(verb ?? '', [first, second], Number(amount)));
      await network.apply([...this.links.values()].flat());
    }
  }

  private async end(trouble: Trouble): Promise<void> {
    const { cluster, network } = this.options;
    const [verb, first = ''] = trouble.words;
    if (verb === 'kill') {
      if (this.count(`kill ${first}`, -1) === 0) cluster.restart(first);
    } else if (verb === 'stop') {
      if (this.count(`stop ${first}`, -1) === 0) cluster.goOn(first);
    } else if (verb === 'clock') cluster.setClock(first, 0);
    else {
      this.links.delete(trouble);
      await network.apply([...this.links.values()].flat());
    }
    this.ends.get(trouble)?.();
    this.ends.delete(trouble);
  }

  /** A node that is not there, or dead already, is not missed by anybody. */
  private isNoticed([verb, host = '']: readonly string[]): boolean {
    if (verb === 'clock') return false;
    return !isOfOne(verb) || this.options.cluster.runs(host);
  }

  private count(what: string, by: number): number {
    const left = (this.away.get(what) ?? 0) + by;
    this.away.set(what, left);
    return left;
  }
}

function isOfOne(verb: string | undefined): boolean {
  return verb === 'kill' || verb === 'stop';
}

/**
 * A server that stands still holds what anybody has sent through it, a link what its client has.
 */
export function holdsOf({ words: [verb, ...hosts] }: Trouble): Pick<Hold, 'client'>[] {
  if (verb === 'kill' || verb === 'clock') return [];
  if (verb === 'stop') return hosts[0]?.startsWith('s') === true ? [{}] : [];
  return hosts.filter((host) => /^c\d/.test(host)).map((client) => ({ client }));
}

function faultsOf(
  verb: string,
  [from, to]: readonly [string, string],
  amount: number,
): LinkFault[] {
  const both = (kind: LinkFault['kind']): LinkFault[] => [
    { from, to, kind, amount },
    { from: to, to: from, kind, amount },
  ];
  if (verb === 'cut') return both('cut');
  if (verb === 'mute') return [{ from, to, kind: 'cut', amount }];
  if (verb === 'lose' || verb === 'slow' || verb === 'delay') return both(verb);
  throw new SyntaxError(`no such trouble: ${verb}`);
}
