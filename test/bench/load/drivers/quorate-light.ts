/** Quorate by plain request-reply of the light client. */
import { LightLink, lightHeaders, lightStatus, type LightReply } from '../light/light-link.js';
import { AbsentError } from './absent-error.js';
import type { Driver, Operations } from './driver.js';

const nothing = Buffer.alloc(0);
const errorCode = Buffer.from('Nats-Service-Error-Code: ');

export async function quorateLightDriver(servers: readonly string[]): Promise<Driver> {
  const link = await LightLink.open(servers[0]!);
  return {
    operations({ w, r }): Operations {
      const putHeaders = lightHeaders({ 'Kv-W': String(w) });
      const getHeaders = lightHeaders({ 'Kv-R': String(r) });
      const get = { headers: getHeaders, payload: nothing };
      return {
        put: (key, payload) =>
          link.request(`kv.put.bench.${key}`, { headers: putHeaders, payload }, (reply) =>
            checked(key, reply),
          ),
        get: (key) => link.request(`kv.get.bench.${key}`, get, (reply) => checked(key, reply)),
      };
    },
    close: async () => link.close(),
  };
}

function checked(key: string, { headers, payload }: LightReply): Buffer {
  const at = headers.indexOf(errorCode);
  const code =
    at < 0
      ? lightStatus(headers)
      : headers.toString('latin1', at + errorCode.length, at + errorCode.length + 3);
  if (code === undefined) return payload;
  if (code === '404') throw new AbsentError(key);
  throw Object.assign(new Error(headers.toString('latin1')), { code });
}
