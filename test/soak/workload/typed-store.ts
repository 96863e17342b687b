/** Through the TypeScript client. */
import { connect, QuorateError, text, type QuorateClient } from '../../../src/index.js';
import { PlainStore } from './plain-store.js';
import type { Found, ReadHow, SoakStore, WriteHow, Written } from './store.js';

export class TypedStore implements SoakStore {
  private constructor(
    private readonly client: QuorateClient,
    private readonly plain: PlainStore,
    private readonly timeoutMs: number,
  ) {}

  static async connect(servers: readonly string[], timeoutMs: number): Promise<TypedStore> {
    const client = await connect({ servers, timeoutMs });
    return new TypedStore(client, await PlainStore.connect(servers, timeoutMs), timeoutMs);
  }

  async write(
    bucket: string,
    key: string,
    value: string | undefined,
    { context, strict, ttlMs }: WriteHow,
  ): Promise<Written> {
    const { timeoutMs } = this;
    const typed = this.client.bucket(bucket, { codec: text });
    const how = { context, strict, timeoutMs };
    try {
      const done =
        value === undefined
          ? await typed.delete(key, how)
          : await typed.put(key, value, { ...how, ttlMs });
      const seenPartly = done.receipt.seenPartly === true;
      return { outcome: 'done', seenPartly, context: done.context.toString() };
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      return { outcome: error.outcome, error: `${error.code} ${error.message}` };
    }
  }

  async read(bucket: string, key: string, { strict, r }: ReadHow): Promise<Found> {
    const typed = this.client.bucket(bucket, { codec: text });
    try {
      const entry = await typed.get(key, { strict, r, timeoutMs: this.timeoutMs });
      if (entry === undefined) return { outcome: 'done', values: [] };
      return { outcome: 'done', values: entry.values, context: entry.context.toString() };
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      return { outcome: 'unknown', values: [], error: `${error.code} ${error.message}` };
    }
  }

  status(): ReturnType<SoakStore['status']> {
    return this.plain.status();
  }

  ring(): ReturnType<SoakStore['ring']> {
    return this.plain.ring();
  }

  heldBy(node: string, bucket: string, key: string): Promise<Found> {
    return this.plain.heldBy(node, bucket, key);
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.plain.close();
  }
}
