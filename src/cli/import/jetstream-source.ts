/**
 * A bucket of JetStream's key-value store, read by a consumer that nobody has to acknowledge and
 * that its server forgets. What gets lost on the way shows by a gap in its numbers: then another
 * consumer goes on behind what has come.
 */
import {
  AckPolicy,
  connect,
  createInbox,
  DeliverPolicy,
  nanos,
  ReplayPolicy,
  type ConnectionOptions,
  type ConsumerInfo,
  type JetStreamManager,
  type Msg,
  type NatsConnection,
} from 'nats';
import { importLimits } from '../../../actors/rules/limits/import.js';
import { natsCredentials } from '../../bus/nats-credentials.js';
import type { NatsCredentials } from '../../bus/who-one-is.js';
import { noConnection } from '../../client/no-connection.js';
import { UnavailableError } from '../../errors.js';
import type { Clock } from '../../seams/clock.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import {
  ttlMsOfHeader,
  type KvSource,
  type SourceBatch,
  type SourceEntry,
  type SourceInfo,
} from './source.js';

export interface SourceConnection extends NatsCredentials {
  readonly servers: string;
  readonly domain?: string | undefined;
}

const advice = {
  server: 'say where JetStream is with --from-servers',
  password: 'its user and password with --from-user and --from-password, or --from-creds',
};

/** Of a bucket that is not there, whoever asks. */
const streamNotFound = 10059;

interface Delivered extends SourceEntry {
  /** Counts what this consumer gave: no number is left out. */
  readonly delivery: number;
  readonly pending: number;
}

/** Something was lost on the way, or the consumer is gone. */
class LostError extends Error {}

export class JetStreamSource implements KvSource {
  private readonly stream: string;
  private constructor(
    private readonly connection: NatsConnection,
    private readonly manager: JetStreamManager,
    private readonly bucket: string,
    private readonly clock: Clock,
  ) {
    this.stream = `KV_${bucket}`;
  }

  /** Rejects with an `UnavailableError` where no server is, or one without JetStream. */
  static async open(
    bucket: string,
    { servers, domain, ...credentials }: SourceConnection,
    clock: Clock,
  ): Promise<JetStreamSource> {
    const options: ConnectionOptions = {
      servers: servers.split(',').map((server) => server.trim()),
      name: 'quorate import',
      noAsyncTraces: true,
      ...natsCredentials(credentials),
    };
    const connection = await connect(options).catch((error: unknown) => {
      throw noConnection(servers, error, advice);
    });
    try {
      const manager = await connection.jetstreamManager({
        timeout: importLimits.sourceAnswerMsMax,
        checkAPI: false,
        ...(domain !== undefined && { domain }),
      });
      return new JetStreamSource(connection, manager, bucket, clock);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  async info(): Promise<SourceInfo> {
    const { config, created, state } = await this.manager.streams
      .info(this.stream)
      .catch((error: unknown) => this.refused(error));
    return {
      stream: config.name,
      created,
      lastSequence: state.last_seq,
      maxAgeMs: config.max_age / nanos(1),
      history: config.max_msgs_per_subject,
    };
  }

  async *read(afterSequence: number | undefined): AsyncGenerator<SourceBatch> {
    let after = afterSequence;
    for (let failures = 0; ; failures++) {
      try {
        for await (const batch of this.readOnce(after)) {
          failures = 0;
          yield batch;
          after = batch.entries.at(-1)?.sequence ?? after;
        }
        return;
      } catch (error) {
        if (error instanceof CommandError) throw error;
        if (failures >= importLimits.fetchFailuresMax) throw lost(error);
        await this.rest();
      }
    }
  }

  /** By one consumer; throws when that is gone, or something it gave. */
  private async *readOnce(after: number | undefined): AsyncGenerator<SourceBatch> {
    const consumer = await this.consumerAfter(after);
    try {
      let expected = 1;
      for (let pending = consumer.num_pending; pending > 0;) {
        const delivered = await this.fetch(consumer.name, pending);
        for (const { delivery } of delivered)
          if (delivery !== expected++) throw new LostError('an answer of the source was lost');
        const last = delivered.at(-1);
        if (last !== undefined) {
          pending = last.pending;
          yield { entries: delivered, pending };
        } else {
          // What waited has been purged or has expired, or the server is busy.
          const info = await this.manager.consumers.info(this.stream, consumer.name);
          if (info.delivered.consumer_seq !== expected - 1)
            throw new LostError('an answer of the source was lost');
          if (info.num_pending >= pending) throw new LostError('the source gives nothing');
          pending = info.num_pending;
        }
      }
    } finally {
      // The server would forget it by itself.
      await this.manager.consumers.delete(this.stream, consumer.name).catch(() => undefined);
    }
  }

  private async consumerAfter(after: number | undefined): Promise<ConsumerInfo> {
    const { config } = await this.manager.streams
      .info(this.stream)
      .catch((error: unknown) => this.refused(error));
    const start =
      after === undefined
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 };
    return this.manager.consumers.add(this.stream, {
      ...start,
      // A mirror has no subjects of its own.
      filter_subject: config.subjects?.[0] ?? '>',
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      inactive_threshold: nanos(importLimits.consumerIdleMs),
      mem_storage: true,
      num_replicas: 1,
    });
  }

  /** What the consumer gives at once: none when it has nothing, or says so. */
  private fetch(consumer: string, pending: number): Promise<Delivered[]> {
    const { fetchBytesMax, fetchMessagesMax, fetchMsMax, sourceAnswerMsMax } = importLimits;
    const batch = Math.min(pending, fetchMessagesMax);
    const { connection, clock } = this;
    return new Promise((resolve, reject) => {
      const delivered: Delivered[] = [];
      const inbox = createInbox();
      const end = (error?: Error): void => {
        subscription.unsubscribe();
        clock.clearTimeout(timer);
        if (error === undefined) resolve(delivered);
        else reject(error);
      };
      const subscription = connection.subscribe(inbox, {
        callback: (error, message) => {
          if (error !== null) return end(error);
          const one = deliveredOf(message);
          if (one !== undefined) delivered.push(one);
          if (one === undefined || delivered.length === batch) end();
        },
      });
      const timer = clock.setTimeout(() => end(), fetchMsMax + sourceAnswerMsMax);
      const { apiPrefix = '$JS.API' } = this.manager.getOptions();
      connection.publish(
        `${apiPrefix}.CONSUMER.MSG.NEXT.${this.stream}.${consumer}`,
        JSON.stringify({
          batch,
          max_bytes: Math.max(fetchBytesMax, 2 * (connection.info?.max_payload ?? 0)),
          expires: nanos(fetchMsMax),
        }),
        { reply: inbox },
      );
    });
  }

  private refused(error: unknown): never {
    const { code, api_error: answer } = error as {
      readonly code?: string;
      readonly api_error?: { readonly err_code?: number };
    };
    if (answer?.err_code === streamNotFound) {
      throw new CommandError(
        exitCodes.notFound,
        `JetStream has no key-value bucket '${this.bucket}' (no stream ${this.stream})`,
      );
    }
    if (code === 'PERMISSIONS_VIOLATION') {
      throw new CommandError(
        exitCodes.failed,
        `this user may not ask JetStream there: say where it is with --from-servers, and ${advice.password}`,
      );
    }
    if (code !== '503') throw error;
    const unavailable = new UnavailableError(
      'nobody answers for JetStream: it is off on this server or for this account (nats-server -js), or in another domain (--from-domain)',
    );
    unavailable.cause = error;
    throw unavailable;
  }

  private rest(): Promise<void> {
    return new Promise((resolve) => this.clock.setTimeout(resolve, importLimits.fetchRestMs));
  }
}

/** Undefined: a word of the server, that there is nothing or nothing more. */
function deliveredOf(message: Msg): Delivered | undefined {
  // $JS.ACK. [domain. account.] stream. consumer. deliveries. sequence. delivery. time. pending …
  const tokens = (message.reply ?? '').split('.');
  if (tokens[1] !== 'ACK') return undefined;
  const at = tokens.length > 9 ? 7 : 5;
  const [sequence, delivery, time = '0', pending] = tokens.slice(at);
  const operation = message.headers?.get('KV-Operation') ?? '';
  const reason = message.headers?.get('Nats-Marker-Reason') ?? '';
  const isMarker = operation === 'DEL' || operation === 'PURGE' || reason !== '';
  return {
    subject: message.subject,
    value: isMarker ? null : message.data,
    sequence: Number(sequence),
    delivery: Number(delivery),
    storedMs: Number(BigInt(time) / 1_000_000n),
    ttlMs: ttlMsOfHeader(message.headers?.get('Nats-TTL') ?? ''),
    pending: Number(pending),
  };
}

function lost(error: unknown): UnavailableError {
  const reason = error instanceof Error ? error.message : String(error);
  const unavailable = new UnavailableError(`the source can't be read: ${reason}`);
  unavailable.cause = error;
  return unavailable;
}
