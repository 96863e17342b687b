/**
 * Seeds in which the membership changes: machines come, leave, fail for good and are replaced,
 * weights change, operators think better of it or are two, and trouble is aimed at those who have a
 * part in each change, in each of its phases.
 *
 * One machine at most is lost with its disk: what two nodes had acknowledged is still there.
 */
import type { Phase, Role } from './cluster/changes.js';
import { durationText } from './core/commands.js';
import { SimRandom } from './core/sim-random.js';
import type { WorkBucket } from './workload/work-client.js';
import type { TimedFault, WorldOptions } from './world-shape.js';

export interface ChangesDrawn {
  /** A fault that has nothing to do with the changes, for nodes `n1` to `n<nodes>`. */
  trouble(random: SimRandom, extent: { readonly nodes: number; readonly clients: number }): string;
  /** How buckets are told to nodes. */
  settings(buckets: readonly WorkBucket[]): WorldOptions['cluster']['buckets'];
  readonly requestsMax: number;
}

export function withChanges(world: WorldOptions, drawn: ChangesDrawn): WorldOptions {
  const random = new SimRandom(`changes of ${world.seed}`);
  const nodes = random.pick([3, 3, 3, 4, 4, 5]);
  const count = random.between(1, 5);
  const workUs = drawWorkUs(random, count);
  const servers = random.below(2) === 0 ? 1 : random.between(2, 4);
  const course = new Course(random, { nodes, workUs, servers });
  const changes = course.changes(count);
  const buckets = world.work.buckets.map((bucket): WorkBucket => {
    const n = Math.min(nodes, bucket.n);
    return { ...bucket, n: course.hasLoss ? Math.max(2, n) : n };
  });
  const faults = [
    ...changes,
    ...course.aimed(),
    ...course.late(),
    ...course.routes(),
    ...course.other(() => drawn.trouble(random, { nodes, clients: world.clients })),
  ];
  return {
    ...world,
    cluster: {
      ...world.cluster,
      nodes,
      servers,
      join: random.pick(['auto', 'ask']),
      founders: undefined,
      partitions: random.pick([4, 8, 16]),
      ring: random.pick([1, 2]),
      buckets: drawn.settings(buckets),
      // With it a hint that is re-homed may be the last copy but one.
      hintAgeMs: 45_000 + workUs / 1000,
    },
    work: {
      ...world.work,
      buckets,
      strictPpm: random.pick([0, 300_000, 1_000_000]),
      thinkUs: Math.round((world.clients * workUs) / drawn.requestsMax),
    },
    workUs,
    core: Array.from({ length: nodes }, (_, i) => `n${i + 1}`),
    faults: faults.sort((a, b) => a.atUs - b.atUs),
    bootFaults: [],
    firstVoterFaults: [],
    lateFounderFaults: undefined,
    disksKeep: true,
    isChanging: true,
  };
}

/**
 * Most have no rest between changes, since little is found in it; in the others nodes can learn
 * late by minutes.
 */
function drawWorkUs(random: SimRandom, changes: number): number {
  const seconds = random.below(6) === 0 ? random.between(40, 180) : changes * random.between(4, 16);
  return Math.max(10, seconds) * 1e6;
}

/** Fewer would not be worth a quorum. */
const membersMin = 3;

class Course {
  private readonly members: string[];
  private next: number;
  hasLoss = false;
  /** Of those that are added. */
  private readonly startsUs = new Map<string, number>();

  constructor(
    private readonly random: SimRandom,
    private readonly extent: {
      readonly nodes: number;
      readonly workUs: number;
      readonly servers: number;
    },
  ) {
    this.members = Array.from({ length: extent.nodes }, (_, i) => `n${i + 1}`);
    this.next = extent.nodes + 1;
  }

  /** What operators ask for, and the machines they bring and lose. */
  changes(count: number): TimedFault[] {
    const { random } = this;
    const gapUs = this.extent.workUs / (count + 1);
    const list: TimedFault[] = [];
    for (let i = 0; i < count; i++) {
      const atUs = Math.round(gapUs * i + random.below(Math.round(gapUs)));
      list.push(...this.change(atUs));
      // Another operator, who does not know of the first.
      if (random.below(4) === 0) list.push(...this.change(atUs + random.below(2) * 50_000));
      if (random.below(5) === 0) {
        const phase = random.pick<Phase>(['begun', 'begun', 'moved', 'nearly', 'cancelled']);
        list.push({ atUs, text: `when ${phase} change cancel` });
      }
    }
    return list;
  }

  private change(atUs: number): TimedFault[] {
    const { random } = this;
    const kinds = ['join', 'join', 'several', 'weight', 'move'];
    if (this.members.length > membersMin) kinds.push('leave', 'leave');
    if (!this.hasLoss) kinds.push('dead', 'dead', 'wiped');
    const kind = random.pick(kinds);
    switch (kind) {
      case 'join':
        return this.join(atUs, 1, '');
      case 'several':
        return this.join(atUs, 2, '');
      case 'leave':
        return [{ atUs, text: `change leave ${this.without()}` }];
      case 'weight':
        return [
          { atUs, text: `change weight=${random.pick(this.members)}:${random.pick([1, 2, 3])}` },
        ];
      case 'move':
        return this.join(atUs, 1, ` leave=${this.without()}`);
      case 'dead':
        return this.dead(atUs);
      default:
        return this.wiped(atUs);
    }
  }

  /** New machines, which are taken in a while after they started, or before. */
  private join(atUs: number, count: number, beside: string): TimedFault[] {
    const { random } = this;
    const names = Array.from({ length: count }, () => this.newcomer());
    const starts = names.map((name): TimedFault => {
      // Now and then beside another one.
      const host = random.below(6) === 0 ? ` host=host-${random.pick(this.members)}` : '';
      const weight = random.below(3) === 0 ? ` weight=${random.pick([0.5, 2])}` : '';
      return { atUs: atUs + random.below(3_000_000), text: `add ${name}${host}${weight}` };
    });
    this.members.push(...names);
    names.forEach((name, i) => this.startsUs.set(name, starts[i]!.atUs));
    const asked = {
      atUs: atUs + random.below(6_000_000),
      text: `change add=${names.join()}${beside}`,
    };
    return [...starts, asked];
  }

  /** Who is lost has been there: another operator may be about to bring it. */
  private onceThere(name: string, atUs: number): number {
    return Math.max(atUs, (this.startsUs.get(name) ?? -1) + 1);
  }

  private dead(drawnUs: number): TimedFault[] {
    const { random } = this;
    this.hasLoss = true;
    const name = this.without();
    const atUs = this.onceThere(name, drawnUs);
    const askedUs = atUs + random.between(1, 20) * 1e6;
    const scrap = { atUs, text: `scrap ${name}` };
    if (random.below(2) === 0) return [scrap, { atUs: askedUs, text: `change remove ${name}` }];
    const other = this.newcomer();
    this.members.push(other);
    this.startsUs.set(other, askedUs - 500_000);
    return [
      scrap,
      { atUs: askedUs - 500_000, text: `add ${other}` },
      { atUs: askedUs, text: `change replace ${name} ${other}` },
    ];
  }

  private wiped(drawnUs: number): TimedFault[] {
    this.hasLoss = true;
    const name = this.random.pick(this.members);
    const atUs = this.onceThere(name, drawnUs);
    const awayUs = this.random.between(50, 8000) * 1000;
    // Whether it says itself whom it replaces; an operator says it as well.
    const says = new SimRandom(`says whom it replaces, at ${atUs}`).below(2) === 0;
    return [
      { atUs, text: `wipe ${name}${says ? ' replaces' : ''} for=${durationText(awayUs)}` },
      {
        atUs: atUs + awayUs + this.random.between(1, 20) * 1e6,
        text: `change replace ${name}~ ${name}`,
      },
    ];
  }

  /** Who has a part in a change, as it comes so far. */
  aimed(): TimedFault[] {
    const { random } = this;
    if (random.below(4) === 0) return [];
    return Array.from({ length: random.between(1, 6) }, (): TimedFault => {
      const phase = random.pick<Phase>([
        'proposed',
        'proposed',
        'begun',
        'begun',
        'moved',
        'nearly',
        'cancelled',
        'finished',
        'released',
      ]);
      const role = random.pick<Role>(partsIn[phase]);
      const time = durationText(random.between(50, random.pick([1000, 8000, 30_000])) * 1000);
      const fault = random.pick([
        `crash ${role} for=${time}`,
        `crash ${role} lose=all for=${time}`,
        `kill ${role} for=${time}`,
        `pause ${role} for=${time}`,
        `isolate ${role} silent for=${time}`,
        `isolate ${role} split for=${time}`,
        `deafen ${role} for=${time}`,
        `stall ${role} for=${time}`,
        `full ${role} for=${time}`,
        `disconnect ${role} for=${time}`,
        `strand ${role} for=2s late=${time}`,
      ]);
      return { atUs: random.below(this.extent.workUs), text: `when ${phase} ${fault}` };
    });
  }

  /** Nodes that learn of everything minutes late. */
  late(): TimedFault[] {
    const { random, extent } = this;
    if (random.below(3) > 0) return [];
    const time = `for=${random.between(20, 150)}s`;
    const node = `n${random.between(1, extent.nodes)}`;
    const text = random.pick([
      `isolate ${node} ${random.pick(['silent', 'split'])} ${time}`,
      `deafen ${node} ${random.pick(['silent', 'split'])} ${time}`,
      `pause ${node} ${time}`,
      `crash ${node} ${time}`,
      `stop ${node} ${time}`,
    ]);
    return [{ atUs: random.below(Math.round(extent.workUs / 2)), text }];
  }

  routes(): TimedFault[] {
    const { random } = this;
    const { servers, workUs } = this.extent;
    if (servers === 1) return [];
    return Array.from({ length: random.between(1, 4) }, (): TimedFault => {
      const atUs = random.below(workUs);
      const [a, b] = random.shuffled(Array.from({ length: servers }, (_, i) => i + 1));
      if (random.below(4) === 0) return { atUs, text: `lose-server ${a!}` };
      const time = durationText(random.between(200, random.pick([3000, 40_000])) * 1000);
      return {
        atUs,
        text: `cut-route ${a!} ${b!} ${random.pick(['silent', 'split'])} for=${time}`,
      };
    });
  }

  other(trouble: () => string): TimedFault[] {
    const { random } = this;
    const list: TimedFault[] = [];
    const gapUs = random.pick([5, 20, 1000]) * 1e6;
    for (
      let atUs = random.below(gapUs);
      atUs < this.extent.workUs;
      atUs += random.between(1, gapUs)
    )
      list.push({ atUs, text: trouble() });
    return list;
  }

  private newcomer(): string {
    return `n${this.next++}`;
  }

  /** Who is not of them any more, once it is done. */
  private without(): string {
    const name = this.random.pick(this.members);
    this.members.splice(this.members.indexOf(name), 1);
    return name;
  }
}

/** Whom it is worth to aim at. */
const partsIn: Readonly<Record<Phase, readonly Role[]>> = {
  proposed: ['DRIVER', 'VOTER', 'VOTER'],
  begun: ['DRIVER', 'VOTER', 'SOURCE', 'TARGET', 'JOINER'],
  moved: ['DRIVER', 'SOURCE', 'TARGET', 'TARGET', 'LEAVER'],
  nearly: ['DRIVER', 'SOURCE', 'TARGET', 'LEAVER'],
  cancelled: ['DRIVER', 'SOURCE', 'TARGET', 'JOINER'],
  finished: ['DRIVER', 'LEAVER', 'VOTER'],
  released: ['DRIVER', 'VOTER'],
  settled: ['DRIVER', 'VOTER'],
};
