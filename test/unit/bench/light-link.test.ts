import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LightLink, lightHeaders, lightStatus } from '../../bench/load/light/light-link.js';

/** Speaks as nats-server would, as slowly as it is told. */
let server: Server;
let socket: Socket;
let link: LightLink;
let heard = '';

beforeEach(async () => {
  heard = '';
  server = createServer((came) => {
    socket = came;
    came.on('data', (bytes) => (heard += bytes.toString('latin1')));
    came.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'connection');
  link = await LightLink.open(`nats://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await connected;
});

afterEach(() => {
  link.close();
  server.close();
});

async function hears(text: string): Promise<void> {
  while (!heard.includes(text)) await new Promise(setImmediate);
}

test('light link: what is asked is on the wire with and without headers', async () => {
  const payload = Buffer.from('four');
  void link.request('a.b', { payload }, () => 0).catch(() => undefined);
  const headers = lightHeaders({ 'Kv-W': '2' });
  void link.request('c', { headers, payload }, () => 0).catch(() => undefined);
  await hears('four\r\nHPUB c ');
  expect(heard).toMatch(
    /^CONNECT \{.*\}\r\nSUB (\S+)\.\* 1\r\nPUB a\.b \1\.0 4\r\nfour\r\nHPUB c \1\.1 21 25\r\nNATS\/1\.0\r\nKv-W: 2\r\n\r\nfour\r\n$/,
  );
});

test('light link: answers find who asked, however they are cut and in whatever order', async () => {
  const payload = Buffer.alloc(0);
  const asked = [0, 1].map(() =>
    link.request('s', { payload }, (reply) => ({
      status: lightStatus(reply.headers),
      text: reply.payload.toString(),
    })),
  );
  await hears('.1 0\r\n');
  const [, inbox] = /SUB (\S+)\.\*/.exec(heard)!;
  const gone = 'NATS/1.0 503\r\n\r\n';
  const answers = `PING\r\nHMSG ${inbox}.1 1 ${gone.length} ${gone.length}\r\n${gone}\r\nMSG ${inbox}.0 1 4\r\n\r\n\r\n\r\n`;
  for (const byte of Buffer.from(answers)) {
    socket.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  expect(await Promise.all(asked)).toEqual([
    { status: undefined, text: '\r\n\r\n' },
    { status: '503', text: '' },
  ]);
  await hears('PONG\r\n');
});

test('light link: what the reader of an answer throws is what its author gets', async () => {
  const asked = link.request('s', { payload: Buffer.alloc(0) }, () => {
    throw new Error('refused');
  });
  await hears('.0 0\r\n');
  const [, inbox] = /SUB (\S+)\.\*/.exec(heard)!;
  socket.write(`MSG ${inbox}.0 1 0\r\n\r\n`);
  await expect(asked).rejects.toThrow('refused');
});

test('light link: what it still waits for fails with the connection', async () => {
  const asked = link.request('s', { payload: Buffer.alloc(0) }, () => 0);
  await hears('.0 0\r\n');
  socket.destroy();
  await expect(asked).rejects.toThrow('closed');
});
