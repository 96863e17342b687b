/**
 * Asks nodes, one by one and in their own protocol, what they hold: for the end of a run, when all
 * of them must hold the same. Questions are those nodes ask; answers are read by the oracles' own
 * reader. From who is no member nodes take no such questions, so each is asked in its own name; the
 * node itself knows of no question of that number.
 */
import { unsaid } from '../../../actors/rules/said-configuration.js';
import { encode } from '../../../src/wire/message-pack.js';
import type { Request, Verb } from '../../../src/wire/protocol/bodies.js';
import { readBody } from '../../../src/wire/protocol/read.js';
import { treeQuestionBody } from '../../../src/wire/protocol/tree.js';
import type { Scheduler, SimEvent, SimProcess } from '../core/scheduler.js';
import type { BusMessage } from '../../../src/seams/bus.js';
import {
  readMessagePack,
  readState,
  type Plain,
  type SeenState,
} from '../oracle/message-reader.js';
import { leavesOfTree, type SeenTree } from '../oracle/tree-reader.js';
import type { SimBus } from '../seams/sim-bus.js';
import { partitionOfTokens } from '../seams/sim-nats.js';

const protocol = 1;
const waitUs = 2e6;

export class Probe {
  private readonly waiting = new Map<number, (body: Plain[] | undefined) => void>();
  private next = 0;

  /** Whose answers it hears. */
  private readonly heard = new Set<string>();

  constructor(
    private readonly bus: SimBus,
    private readonly scheduler: Scheduler,
    private readonly process: SimProcess,
    private readonly options: { readonly prefix: string; readonly partitions: number },
  ) {}

  /**
   * The state a node holds of each name (`<bucket>/<key>`); the empty state when none. undefined:
   * no answer.
   */
  read(
    node: string,
    names: readonly string[],
    done: (states: ReadonlyMap<string, SeenState> | undefined) => void,
  ): void {
    const states = new Map<string, SeenState>(names.map((name) => [name, emptySeen]));
    const ask = (rest: readonly string[]): void => {
      if (rest.length === 0) return done(states);
      const keys = rest.map((name) => Buffer.from(this.storageKey(name), 'latin1'));
      // A digest nothing has, so that every state that is not empty comes back.
      const digests = Buffer.alloc(8 * rest.length);
      // Of a state larger than a message the first part will do.
      this.call(node, 'read', readBody(1500, keys, digests, unsaid, 0), (body) => {
        if (body === undefined) return done(undefined);
        const [indexes, found, answered] = body as [number[], Buffer[], number];
        indexes.forEach((index, i) => states.set(rest[index]!, readState(found[i]!)));
        ask(rest.slice(Math.max(1, answered)));
      });
    };
    ask(names);
  }

  /** A node's hash tree of a partition, and what it says it holds there; undefined: no answer. */
  tree(node: string, partition: number, done: (tree: SeenTree | undefined) => void): void {
    const digests = new Map<string, Buffer>();
    const everyLeaf = Array.from({ length: leavesOfTree }, (_, leaf) => leaf);
    const askKeys = (leaves: Buffer, after: string): void => {
      const question = { kind: 'keys', partition, leaves: everyLeaf, after } as const;
      this.call(node, 'tree', treeQuestionBody(question), (body) => {
        if (body === undefined) return done(undefined);
        const [keys, found, upTo] = body as [Buffer[], Buffer, Buffer];
        keys.forEach((key, i) =>
          digests.set(key.toString('latin1'), found.subarray(8 * i, 8 * i + 8)),
        );
        if (upTo.length === 0) done({ leaves, digests });
        else askKeys(leaves, upTo.toString('latin1'));
      });
    };
    this.call(node, 'tree', treeQuestionBody({ kind: 'leaves', partition }), (body) => {
      if (body === undefined) done(undefined);
      else askKeys(body[0] as Buffer, '');
    });
  }

  partitionOf(name: string): number {
    const at = name.indexOf('/');
    const tokens = [name.slice(0, at), ...name.slice(at + 1).split('.')];
    return partitionOfTokens(tokens, this.options.partitions);
  }

  storageKey(name: string): string {
    const partition = this.partitionOf(name);
    return `${String.fromCharCode(partition >> 8, partition & 0xff)}${name.replace('/', '\0')}`;
  }

  private call<V extends Verb>(
    to: string,
    verb: V,
    body: Request<V>,
    done: (body: Plain[] | undefined) => void,
  ): void {
    const id = ++this.next;
    let timer: SimEvent | undefined;
    const finish = (answer: Plain[] | undefined): void => {
      if (timer !== undefined) this.scheduler.cancel(timer);
      this.waiting.delete(id);
      done(answer);
    };
    timer = this.scheduler.in(waitUs, this.process, () => finish(undefined));
    this.waiting.set(id, finish);
    const subject = `_${this.options.prefix}.${to}`;
    if (!this.heard.has(to)) {
      this.heard.add(to);
      this.bus.subscribe(`${subject}.answers`, (message) => this.answered(message));
    }
    this.bus.publish(`${subject}.${verb}`, encode([protocol, to, id, body]));
  }

  private answered(message: BusMessage): void {
    const envelope = readMessagePack(Buffer.from(message.data)) as [number, string, ...Plain[]];
    for (const answer of envelope.slice(2) as [number, number, Plain][]) {
      const [id, code, body] = answer;
      this.waiting.get(id)?.(code === 0 && Array.isArray(body) ? body : undefined);
    }
  }
}

const emptySeen: SeenState = { context: new Map(), siblings: [], bytes: 0 };

/** Equal states give equal texts. */
export function stateText({ context, siblings }: SeenState): string {
  const entries = [...context].map(([actor, counter]) => `${actor}:${counter}`).sort();
  const dots = siblings.map(({ dot }) => dot).sort();
  return `{${entries.join(' ')}} [${dots.join(' ')}]`;
}
