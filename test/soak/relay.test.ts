/** What a relay does to what passes through it. */
import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { LinkFault } from './network/network.js';
import { Relay } from './network/relay.js';
import { until } from '../support/until.js';

let relay: Relay | undefined;
let server: Server | undefined;
let near: Socket | undefined;

afterEach(() => {
  near?.destroy();
  relay?.close();
  server?.close();
});

/** A connection through a relay, and what has arrived behind it. */
async function through(): Promise<{ near: Socket; arrived: () => string }> {
  let text = '';
  server = createServer((socket) => {
    socket.on('data', (bytes) => (text += bytes.toString()));
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  relay = new Relay({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  near = connect(await relay.listen(), '127.0.0.1');
  near.on('error', () => undefined);
  await once(near, 'connect');
  return { near, arrived: () => text };
}

const fault = (kind: LinkFault['kind'], amount: number): LinkFault[] => [
  { from: 'a', to: 'b', kind, amount },
];

test('delay: all arrives, in order, and not before its time', async () => {
  const { near, arrived } = await through();
  relay!.apply(fault('delay', 300), []);
  const sentMs = Date.now();
  for (const word of ['one ', 'two ', 'three']) near.write(word);
  await until(() => arrived() !== '');
  expect(Date.now() - sentMs).toBeGreaterThanOrEqual(299);
  await until(() => arrived() === 'one two three');
});

test('cut: what is sent meanwhile arrives when it is over', async () => {
  const { near, arrived } = await through();
  relay!.apply(fault('cut', 0), []);
  near.write('held');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(arrived()).toBe('');
  relay!.apply([], []);
  await until(() => arrived() === 'held');
});
