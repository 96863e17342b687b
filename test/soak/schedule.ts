/**
 * What happens to the cluster, and when: drawn from a seed, and written in lines so that a run can
 * be repeated and edited.
 *
 *   12.300 cut s1 s2 for=8.500        nothing passes between the two, either way
 *   20.000 mute n1 s2 for=4.000       nothing passes from the first to the second
 *   31.000 lose n2 s1 20 for=9.000    so many packets in a hundred are lost, either way
 *   33.000 slow s1 s2 64 for=9.000    so many kilobytes a second pass, either way
 *   36.000 delay s1 s2 400 for=9.000  what passes between the two arrives so many ms later
 *   40.000 kill n3 for=5.000          SIGKILL; started again when it is over
 *   50.000 stop s2 for=12.000         SIGSTOP, then SIGCONT
 *   60.000 clock n1 -30000 for=10.000 the node's wall clock is so many ms off
 */
import { SimRandom } from '../simulation/core/sim-random.js';

export interface Trouble {
  readonly atMs: number;
  readonly forMs: number;
  /** Verb and its words. */
  readonly words: readonly string[];
}

export interface Hosts {
  readonly servers: readonly string[];
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
}

export const troubleKinds = [
  'cut',
  'part',
  'mute',
  'lose',
  'slow',
  'delay',
  'kill',
  'stop',
  'clock',
] as const;
export type TroubleKind = (typeof troubleKinds)[number];

export interface ScheduleOptions {
  readonly seed: string;
  readonly durationMs: number;
  readonly hosts: Hosts;
  readonly kinds: readonly TroubleKind[];
}

/** Before the first trouble, and at the end, so that clients are seen to work. */
const calmMs = 8_000;
/** What most users meet: beside all other troubles, a hundred kills in twenty minutes. */
const killEveryMs = 11_500;

/** Kinds and times depend on the seed and the options alone. */
export function drawSchedule({ seed, durationMs, hosts, kinds }: ScheduleOptions): Trouble[] {
  const random = new SimRandom(`soak ${seed}`);
  const troubles: Trouble[] = [];
  const endMs = durationMs - calmMs;
  for (let atMs = calmMs; atMs < endMs; atMs += random.between(500, 9_000)) {
    const forMs = Math.min(random.latency(6_000), 45_000, endMs - atMs);
    const kind = random.pick(kinds);
    for (const words of wordsOf(kind, hosts, random)) troubles.push({ atMs, forMs, words });
  }
  if (!kinds.includes('kill')) return troubles;
  for (let atMs = calmMs; atMs < endMs; atMs += killEveryMs) {
    const forMs = Math.min(random.latency(3_000), 20_000, endMs - atMs);
    troubles.push({
      atMs,
      forMs,
      words: ['kill', random.pick([...hosts.servers, ...hosts.nodes])],
    });
  }
  return troubles.sort((a, b) => a.atMs - b.atMs);
}

function wordsOf(kind: TroubleKind, hosts: Hosts, random: SimRandom): string[][] {
  const { servers, nodes } = hosts;
  const everybody = [...servers, ...nodes];
  switch (kind) {
    case 'cut':
    case 'mute':
      return [[kind, ...linkOf(hosts, random)]];
    // One server is cut off from the other servers, and so are all who are connected to it.
    case 'part': {
      const [alone, ...others] = random.shuffled(servers);
      return others.map((other) => ['cut', alone!, other]);
    }
    case 'lose':
      return [['lose', ...linkOf(hosts, random), String(random.between(2, 40))]];
    case 'slow':
      return [['slow', ...linkOf(hosts, random), String(random.between(8, 256))]];
    case 'delay':
      return [['delay', ...linkOf(hosts, random), String(random.between(20, 2_000))]];
    // Sometimes all nodes at once, as when the power fails.
    case 'kill':
      return random.below(8) === 0
        ? nodes.map((node) => ['kill', node])
        : [['kill', random.pick(everybody)]];
    case 'stop':
      return [['stop', random.pick(everybody)]];
    default:
      return [['clock', random.pick(nodes), String(random.between(-60_000, 60_000))]];
  }
}

/** Two servers, or a server and whoever may be connected to it; in either order. */
function linkOf({ servers, nodes, clients }: Hosts, random: SimRandom): [string, string] {
  const one = random.pick(servers);
  const others = random.below(3) === 0 ? [...nodes, ...clients] : servers;
  const other = random.pick(others.filter((host) => host !== one));
  return random.below(2) === 0 ? [one, other] : [other, one];
}

export function scheduleText(troubles: readonly Trouble[]): string {
  return troubles
    .map(({ atMs, forMs, words }) => `${seconds(atMs)} ${words.join(' ')} for=${seconds(forMs)}\n`)
    .join('');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Throws `SyntaxError` on a line that is none. Empty lines and those after `#` are passed over. */
export function parseSchedule(text: string): Trouble[] {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const found = /^(\d+\.\d+) (.+) for=(\d+\.\d+)$/.exec(line);
      if (found === null) throw new SyntaxError(`not a line of a schedule: ${line}`);
      const [, at, words, lasts] = found;
      return {
        atMs: Math.round(Number(at) * 1000),
        forMs: Math.round(Number(lasts) * 1000),
        words: words!.split(' '),
      };
    });
}
