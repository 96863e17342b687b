/**
 * JetStream KV by what its clients send: a put is a message to the key's subject, which the stream
 * acknowledges, a get a direct get of the last one.
 */
import { kvBucket } from '../../systems/jetstream-kv.js';
import { LightLink, lightStatus, type LightReply } from '../light/light-link.js';
import { AbsentError } from './absent-error.js';
import type { Driver, Operations } from './driver.js';

const nothing = { payload: Buffer.alloc(0) };
const refused = Buffer.from('"error"');

export async function jetStreamLightDriver(servers: readonly string[]): Promise<Driver> {
  const link = await LightLink.open(servers[0]!);
  const subject = `$KV.${kvBucket}`;
  const direct = `$JS.API.DIRECT.GET.KV_${kvBucket}.${subject}`;
  const operations: Operations = {
    put: (key, payload) => link.request(`${subject}.${key}`, { payload }, acknowledged),
    get: (key) => link.request(`${direct}.${key}`, nothing, (reply) => found(key, reply)),
  };
  return { operations: () => operations, close: async () => link.close() };
}

function acknowledged({ headers, payload }: LightReply): void {
  const code = lightStatus(headers);
  if (code !== undefined || payload.includes(refused))
    throw Object.assign(new Error(payload.toString('latin1')), { code: code ?? 'refused' });
}

function found(key: string, { headers, payload }: LightReply): Buffer {
  const code = lightStatus(headers);
  if (code === undefined) return payload;
  if (code === '404') throw new AbsentError(key);
  throw Object.assign(new Error(headers.toString('latin1')), { code });
}
