/**
 * Quorate through nothing but request-reply of the NATS client: what every other language has, and
 * what knows no back pressure.
 */
import { connect, headers, type Msg } from 'nats';
import { AbsentError } from './absent-error.js';
import type { Driver, Operations } from './driver.js';

const timeoutMs = 5_500;

export async function quoratePlainDriver(servers: readonly string[]): Promise<Driver> {
  const connection = await connect({ servers: [...servers], noAsyncTraces: true });
  return {
    operations({ w, r }): Operations {
      const quorum = headers();
      quorum.set('Kv-W', String(w));
      const options = { timeout: timeoutMs, headers: quorum };
      const readQuorum = headers();
      readQuorum.set('Kv-R', String(r));
      const readOptions = { timeout: timeoutMs, headers: readQuorum };
      return {
        put: async (key, value) =>
          checked(key, await connection.request(`kv.put.bench.${key}`, value, options)),
        get: async (key) =>
          checked(key, await connection.request(`kv.get.bench.${key}`, '', readOptions)).data,
      };
    },
    close: () => connection.close(),
  };
}

function checked(key: string, reply: Msg): Msg {
  const code = reply.headers?.get('Nats-Service-Error-Code') ?? '';
  if (code === '') return reply;
  if (code === '404') throw new AbsentError(key);
  const error: Error & { code?: string } = new Error(reply.headers?.get('Nats-Service-Error'));
  error.code = code;
  throw error;
}
