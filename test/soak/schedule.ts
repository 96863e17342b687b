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
 *
 * Between them changes of the membership, which take as long as they take (`changes/`).
 */
import { isChange, nodesAt } from './changes/draw-changes.js';
import { SimRandom } from '../simulation/core/sim-random.js';
import { calmMs, type Trouble } from './trouble.js';

export interface Hosts {
  readonly servers: readonly string[];
  /** Who found the cluster. */
  readonly nodes: readonly string[];
  readonly clients: readonly string[];
  /** Nodes that come when a change says so. */
  readonly later: readonly string[];
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
  /** Of the membership, in order: kills and the like fall on who is there. */
  readonly changes?: readonly Trouble[];
  /** Kills and standstills fall on nodes alone. */
  readonly sparesServers?: boolean;
  /** From one trouble to the next at most; kills besides come in the same measure. */
  readonly restMsMax?: number;
}

export const restMsUsual = 9_000;

/** What most users meet: beside all other troubles, a hundred kills in twenty minutes. */
const killEveryMs = 11_500;

/** Kinds and times depend on the seed and the options alone. */
export function drawSchedule(options: ScheduleOptions): Trouble[] {
  const { seed, durationMs, kinds, changes = [], sparesServers = false } = options;
  const { restMsMax = restMsUsual } = options;
  const random = new SimRandom(`soak ${seed}`);
  const troubles: Trouble[] = [...changes];
  const endMs = durationMs - calmMs;
  const hostsAt = (atMs: number): Hosts => {
    return { ...options.hosts, nodes: nodesAt(changes, options.hosts.nodes, atMs) };
  };
  const victims = ({ servers, nodes }: Hosts): string[] =>
    sparesServers ? [...nodes] : [...servers, ...nodes];
  for (let atMs = calmMs; atMs < endMs; atMs += random.between(500, restMsMax)) {
    const forMs = Math.min(random.latency(6_000), 45_000, endMs - atMs);
    const kind = random.pick(kinds);
    const hosts = hostsAt(atMs);
    for (const words of wordsOf(kind, { hosts, victims: victims(hosts) }, random))
      troubles.push({ atMs, forMs, words });
  }
  if (!kinds.includes('kill')) return troubles.sort((a, b) => a.atMs - b.atMs);
  const share = restMsMax / restMsUsual;
  for (let atMs = calmMs; atMs < endMs; atMs += killEveryMs * share) {
    const forMs = Math.min(random.latency(3_000), 20_000, endMs - atMs);
    troubles.push({
      atMs,
      forMs,
      words: ['kill', random.pick(victims(hostsAt(atMs)))],
    });
  }
  return troubles.sort((a, b) => a.atMs - b.atMs);
}

function wordsOf(
  kind: TroubleKind,
  { hosts, victims }: { readonly hosts: Hosts; readonly victims: readonly string[] },
  random: SimRandom,
): string[][] {
  const { servers, nodes } = hosts;
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
        : [['kill', random.pick(victims)]];
    case 'stop':
      return [['stop', random.pick(victims)]];
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
    .map((trouble) => {
      const { atMs, forMs, words } = trouble;
      const lasts = isChange(trouble) ? '' : ` for=${seconds(forMs)}`;
      return `${seconds(atMs)} ${words.join(' ')}${lasts}\n`;
    })
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
      const found = /^(\d+\.\d+) (.+?)(?: for=(\d+\.\d+))?$/.exec(line);
      const [, at, text = '', lasts] = found ?? [];
      const words = text.split(' ');
      const isWhole = found !== null && isChange({ words }) === (lasts === undefined);
      if (!isWhole) throw new SyntaxError(`not a line of a schedule: ${line}`);
      return {
        atMs: Math.round(Number(at) * 1000),
        forMs: Math.round(Number(lasts ?? 0) * 1000),
        words,
      };
    });
}
