/**
 * `node dist/test/simulation/detector.js --members 10,100`: what gossip costs, how soon a dead node
 * is known, and who is doubted though it lives, for clusters of some sizes. Virtual time, no data.
 */
import { Command } from 'commander';
import { type MemberWorld, type NodeLife, settled } from '../support/member-world.js';
import { SimRandom } from './core/sim-random.js';

interface Plan {
  readonly restMs: number;
  /** So many are killed, and so many stand still. */
  readonly deaths: number;
  readonly seed: string;
}

/** A part of the members stands still now and then, as they do that collect garbage or swap. */
const stalls = { share: 0.05, everyMs: 5_000, msMin: 200, msMax: 900 };
const lossPpm = 10_000;
const detectionMsMax = 30_000;
const returnMs = 5_000;
const stepMs = 50;

class Measured {
  private readonly random: SimRandom;
  private bytes = 0;

  private constructor(
    private readonly world: MemberWorld,
    private readonly lives: NodeLife[],
    private readonly plan: Plan,
  ) {
    this.random = new SimRandom(`detector ${plan.seed}`);
    world.nats.onPublish.push((_, { subject, reply, payload }) => {
      if (!subject.endsWith('.gossip')) return;
      const copies = subject.includes('.all.') ? lives.length - 1 : 1;
      this.bytes += copies * (subject.length + reply.length + payload.length);
    });
  }

  /** Writes a row of the table, cell by cell: a large cluster takes minutes for each. */
  static async write(members: number, plan: Plan): Promise<void> {
    const names = Array.from({ length: members }, (_, i) => `n${i}`);
    process.stdout.write(`| ${members} |`);
    const { world, lives } = await settled(`detector ${plan.seed}`, names);
    await world.run(returnMs);
    const cpuMs = process.cpuUsage().user / 1000;
    for await (const cell of new Measured(world, lives, plan).cells())
      process.stdout.write(` ${cell} |`);
    const tookMs = process.cpuUsage().user / 1000 - cpuMs;
    process.stdout.write(` ${Math.round(tookMs / 1000)} s |\n`);
  }

  private async *cells(): AsyncGenerator<string> {
    yield await this.rest();
    yield await this.deaths((life) => {
      this.world.kill(life);
      return () => void (this.lives[this.lives.indexOf(life)] = this.world.start(life.name));
    });
    yield await this.deaths(({ process }) => {
      process.paused = true;
      return () => this.world.scheduler.resume(process);
    });
    yield await this.stalled();
  }

  private async rest(): Promise<string> {
    const { restMs } = this.plan;
    this.bytes = 0;
    const falsely = await this.doubtsWhile(() => this.world.run(restMs));
    const bytes = this.bytes / this.lives.length / (restMs / 1000);
    return `${(bytes / 1000).toFixed(2)} kB/s, ${falsely}`;
  }

  private async stalled(): Promise<string> {
    const { world, lives, random, plan } = this;
    const slow = lives.slice(0, Math.max(1, Math.round(lives.length * stalls.share)));
    world.noise.lossPpm = lossPpm;
    const { everyMs, msMin, msMax } = stalls;
    for (const { process } of slow)
      for (let atMs = random.below(everyMs); atMs < plan.restMs - msMax; atMs += everyMs) {
        const forMs = msMin + random.below(msMax - msMin);
        world.scheduler.in(atMs * 1000, undefined, () => (process.paused = true));
        const resume = (): void => world.scheduler.resume(process);
        world.scheduler.in((atMs + forMs) * 1000, undefined, resume);
      }
    const falsely = await this.doubtsWhile(() => world.run(plan.restMs));
    world.noise.lossPpm = 0;
    await world.run(returnMs);
    return falsely;
  }

  /** Each change of a view to suspect, and to down, counts. */
  private async doubtsWhile(run: () => Promise<void>): Promise<string> {
    const before = this.lives.map(({ changes }) => changes.length);
    await run();
    const made = this.lives.flatMap(({ changes }, i) => changes.slice(before[i]));
    const count = (now: string): number => made.filter(({ what }) => what.endsWith(now)).length;
    return `${count(' suspect')} suspect, ${count(' down')} down`;
  }

  private async deaths(end: (life: NodeLife) => () => void): Promise<string> {
    const { world, lives, random, plan } = this;
    const suspectMs: number[] = [];
    const downMs: number[] = [];
    for (let i = 0; i < plan.deaths; i++) {
      const dead = lives[random.below(lives.length)]!;
      const others = lives.filter((life) => life !== dead);
      await world.run(random.below(1_000));
      const { nowMs } = world;
      const before = others.map(({ changes }) => changes.length);
      const back = end(dead);
      const isDown = ({ membership }: NodeLife): boolean =>
        membership.view.reachability(dead.id) === 'down';
      const endMs = nowMs + detectionMsMax;
      while (!others.every(isDown) && world.nowMs < endMs) await world.run(stepMs);
      for (const [j, { changes }] of others.entries()) {
        const since = changes
          .slice(before[j])
          .filter(({ what }) => what.startsWith(`${dead.name} `));
        suspectMs.push((since[0]?.atMs ?? Infinity) - nowMs);
        downMs.push((since.find(({ what }) => what.endsWith(' down'))?.atMs ?? Infinity) - nowMs);
      }
      back();
      await world.run(returnMs);
    }
    return `${percentiles(suspectMs)} / ${percentiles(downMs)}`;
  }
}

function percentiles(all: readonly number[]): string {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (part: number): string => {
    const ms = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
    return (ms / 1000).toFixed(2);
  };
  return `${at(0.5)} ${at(0.99)} ${at(1)}`;
}

const flags = new Command('detector')
  .option('--members <list>', 'clusters of so many', '10')
  .option('--seconds <count>', 'at rest, and with stalls', '60')
  .option('--deaths <count>', 'of each kind', '10')
  .option('--seed <seed>', 'of the simulated world', '1')
  .parse()
  .opts<{ members: string; seconds: string; deaths: string; seed: string }>();

const plan = {
  restMs: Number(flags.seconds) * 1000,
  deaths: Number(flags.deaths),
  seed: flags.seed,
};
const heads = [
  'members',
  'at rest: bytes a node, and false',
  'killed: suspect / down, s: p50 p99 max',
  'hung: suspect / down, s: p50 p99 max',
  `1 % lost, ${stalls.share * 100} % stall: false`,
  'CPU',
];
process.stdout.write(`| ${heads.join(' | ')} |\n|${heads.map(() => ' --- |').join('')}\n`);
for (const members of flags.members.split(',')) await Measured.write(Number(members), plan);
