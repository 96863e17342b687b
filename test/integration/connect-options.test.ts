import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { connect, MalformedError } from '../../src/index.js';
import { freePort, startNatsServer } from '../support/nats-server.js';

test.each([{ timeoutMs: 0 }, { prefix: 'no.prefix' }])(
  'an option that is none (%j) is refused, and no connection stays behind that keeps its process alive',
  async (option) => {
    const monitor = await freePort();
    const server = await startNatsServer({ args: ['-m', String(monitor)] });
    const connections = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${monitor}/connz`);
      return ((await answer.json()) as { num_connections: number }).num_connections;
    };
    try {
      const connected = connect({ servers: server.url, ...option });
      await expect(connected).rejects.toThrow(MalformedError);
      while ((await connections()) > 0) await sleep(20);
    } finally {
      await server.stop();
    }
  },
  20_000,
);
