/**
 * Valid messages of every subject, taken from life: honest clients work on the cluster, and what
 * passes through NATS meanwhile is kept. So the corpus is never behind the formats.
 */
import type { NatsConnection } from 'nats';

export interface Message {
  readonly subject: string;
  readonly reply: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly payload: Buffer;
}

/** Of one sort of message so many are kept. */
const keptEach = 24;

/** Subscribes to everything the user may see; call the result to end it and have what came. */
export function tap(connection: NatsConnection): () => Message[] {
  const bySort = new Map<string, Message[]>();
  const subscription = connection.subscribe('>', {
    callback: (error, message) => {
      if (error !== null) return;
      const { subject, reply = '', data } = message;
      const sort = sortOf(subject);
      const kept = bySort.get(sort) ?? [];
      bySort.set(sort, kept);
      if (kept.length >= keptEach) return;
      const headers = [...(message.headers ?? [])].flatMap(([name, values]) =>
        values.map((value) => [name, value] as const),
      );
      kept.push({ subject, reply, headers, payload: Buffer.from(data) });
    },
  });
  return () => {
    subscription.unsubscribe();
    return [...bySort.values()].flat();
  };
}

/** What its handler depends on: the verb, not the key, the partition or the node. */
export function sortOf(subject: string): string {
  const tokens = subject.split('.');
  if (subject.startsWith('_kv.')) return `_kv ${tokens[2]}`;
  if (subject.startsWith('kv.p.')) return `kv ${tokens[3]}`;
  return tokens.slice(0, 2).join(' ');
}

/** From applications: where the server maps them to, and as they were sent. */
export function isOfApplications({ subject }: Message): boolean {
  return /^(kv\.(p|put|get|del|frame|keys|ring|status)\b|\$SRV\.)/.test(subject);
}

export function isOfNodes({ subject }: Message): boolean {
  return subject.startsWith('_kv.');
}
