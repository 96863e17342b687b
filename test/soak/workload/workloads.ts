/**
 * What applications do with a key, as plainly as it can be said. Buckets have the names of the
 * workloads.
 */
import type { WriteName } from '../records.js';
import { nowMs, Worker, type Basis, type WorkerOptions } from './worker.js';

const keysEach = 12;
/** Elements of a set before another one is begun. */
const elementsMax = 150;
/**
 * No key is put for longer: a context grows with each node that is killed, and at 256 entries puts
 * are refused, as `src/guide/limits.md` says.
 */
const sessionMs = 20 * 60_000;

/** One author a key, who says nothing about what was there. */
class BlindPuts extends Worker {
  constructor(options: WorkerOptions) {
    super('blind', options);
  }

  async step(): Promise<void> {
    const { client, random } = this.options;
    const key = `${client}-${random.below(keysEach)}`;
    await this.put(key, this.nextName(key));
    if (random.below(4) === 0) await this.get(key);
  }
}

/** All clients add to the same sets: read, unite, put with the context of the read. */
class Sets extends Worker {
  private generation = 0;

  constructor(options: WorkerOptions) {
    super('set', options);
  }

  async step(): Promise<void> {
    const { client, random } = this.options;
    const key = `s${random.below(3)}-${this.generation}`;
    const found = await this.get(key, {}, elementsOf);
    if (found.outcome !== 'done') return;
    if (found.shown.length >= elementsMax) this.generation++;
    const name = this.nextName(`${client}@${key}`);
    const elements = [...found.shown, name];
    await this.put(key, name, { context: found.context ?? '-', value: elements.join(' ') });
  }
}

/** Put, look, delete what was seen, look again. */
class Deletes extends Worker {
  constructor(options: WorkerOptions) {
    super('delete', options);
  }

  async step(): Promise<void> {
    const { client, random } = this.options;
    const key = `${client}-${random.below(keysEach)}`;
    await this.put(key, this.nextName(key), { strict: true });
    const found = await this.get(key, { strict: true });
    if (found.outcome !== 'done' || found.context === undefined) return;
    await this.delete(key, this.nextName(key), {
      strict: true,
      context: found.context,
      replaces: found.shown,
    });
    await this.get(key, { strict: true });
  }
}

/** One author a key, and readers everywhere; only primaries count. */
class StrictRegisters extends Worker {
  constructor(options: WorkerOptions) {
    super('strict', options);
  }

  async step(): Promise<void> {
    const { client, clients, random } = this.options;
    const own = `${client}-${random.below(4)}`;
    if (random.below(3) === 0) await this.put(own, this.nextName(own), { strict: true });
    else await this.get(`${random.pick(clients)}-${random.below(4)}`, { strict: true });
  }
}

/**
 * Two clients write to each key by turns, each with the context of its own last put: neither may
 * pile up its own values.
 */
class Sessions extends Worker {
  private readonly last = new Map<string, Basis & { readonly context: string }>();

  constructor(options: WorkerOptions) {
    super('session', options);
  }

  async step(): Promise<void> {
    const { client, clients, random } = this.options;
    const pair = Math.floor(clients.indexOf(client) / 2);
    const generation = Math.floor(nowMs() / sessionMs);
    const key = `pair${pair}-${random.below(4)}-${generation}`;
    const last = this.last.get(key) ?? { context: '-', replaces: [] };
    const name = this.nextName(`${client}@${key}`);
    const written = await this.put(key, name, last);
    if (written.outcome === 'done' && written.context !== undefined) {
      this.last.set(key, { context: written.context, replaces: [name], goesOn: true });
      return;
    }
    // It may be there or not: who wants to go on looks first.
    const found = await this.get(key);
    if (found.outcome === 'done')
      this.last.set(key, { context: found.context ?? '-', replaces: found.shown });
  }
}

/** One author a key, in a bucket where the last writer wins. */
class LastWriterWins extends Worker {
  constructor(options: WorkerOptions) {
    super('lww', options);
  }

  async step(): Promise<void> {
    const { client, random } = this.options;
    const key = `${client}-${random.below(keysEach)}`;
    await this.put(key, this.nextName(key));
    if (random.below(4) === 0) await this.get(key);
  }
}

/** Values that are to be gone after a while. */
class Lifetimes extends Worker {
  private readonly written: string[] = [];

  constructor(options: WorkerOptions) {
    super('ttl', options);
  }

  async step(): Promise<void> {
    const { client, random } = this.options;
    if (random.below(3) === 0 || this.written.length === 0) {
      const key = `${client}-${this.written.length}`;
      this.written.push(key);
      const ttlMs = random.pick([2_000, 5_000, 20_000]);
      await this.put(key, this.nextName(key), { ttlMs, strict: true });
    } else {
      const recent = this.written.slice(-40);
      await this.get(random.pick(recent), { strict: true });
    }
  }
}

export function elementsOf(value: string): WriteName[] {
  return value.split(' ') as WriteName[];
}

export function workersOf(options: WorkerOptions): Worker[] {
  return [
    new BlindPuts(options),
    new Sets(options),
    new Deletes(options),
    new StrictRegisters(options),
    new Sessions(options),
    new LastWriterWins(options),
    new Lifetimes(options),
  ];
}
