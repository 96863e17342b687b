/**
 * An honest application beside the fuzzer: what it stored must stay, and how long each node takes
 * to answer tells how long it stood.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlainClient } from '../support/plain-client.js';

const keys = 64;
const everyMs = 10;

export class Probe {
  longestMs = 0;
  private isOver = false;
  /** Those whose last question was not answered. */
  private readonly silent = new Set<string>();
  private readonly running: Promise<unknown>;

  private constructor(
    private readonly client: PlainClient,
    private readonly nodeIds: readonly string[],
  ) {
    this.running = Promise.all(nodeIds.map((id) => this.ask(id)));
  }

  static async start(client: PlainClient, nodeIds: readonly string[]): Promise<Probe> {
    for (let i = 0; i < keys; i++) {
      const reply = await client.put(`honest.k${i}`, `value ${i}`, { 'Kv-W': 3 });
      if (reply.code !== 200) throw new Error(`the probe's put was refused: ${reply.error}`);
    }
    return new Probe(client, nodeIds);
  }

  /** No node answers any more: there is nobody left to send anything to. */
  get isLost(): boolean {
    return this.silent.size === this.nodeIds.length;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  /** The keys whose value is not what was put, with what is there. */
  async damage(): Promise<string[]> {
    const wrong: string[] = [];
    for (let i = 0; i < keys; i++) {
      const found = await this.read(`honest.k${i}`);
      if (found !== `value ${i}`) wrong.push(`k${i}: ${found}`);
    }
    return wrong;
  }

  private async read(place: string): Promise<string> {
    if (this.isLost) return 'not read: nobody answers';
    try {
      const reply = await this.client.get(place, { 'Kv-R': 3 });
      return reply.code === 200 ? reply.text : `${reply.code} ${reply.error}`;
    } catch (error) {
      return String(error);
    }
  }

  /** Every node answers its own `PING` of the services protocol. */
  private async ask(id: string): Promise<void> {
    while (!this.isOver) {
      const beganMs = performance.now();
      try {
        await this.client.request(`$SRV.PING.quorate.${id}`, '', { timeoutMs: 10_000 });
        this.silent.delete(id);
      } catch {
        this.silent.add(id);
      }
      this.longestMs = Math.max(this.longestMs, performance.now() - beganMs);
      await sleep(everyMs);
    }
  }
}
