import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { NatsBus } from '../../src/bus/nats-bus.js';
import { SlabTransport, type OwnedOptions } from '../../src/bus/nats-transport.js';
import { ScriptedNats, scriptedInfo } from '../support/scripted-nats.js';
import { until } from '../support/until.js';

type Addresses = (error: Error | null, addresses: string[]) => void;

let server: ScriptedNats;

beforeEach(async () => {
  server = await ScriptedNats.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.stop();
});

/** Who asks where `nats.test` is waits until told. */
function holdAddresses(): { tell: () => Promise<void>; hasAsked: () => boolean } {
  const asked: Addresses[] = [];
  const holds = (_name: string, tell: Addresses): unknown => asked.push(tell);
  const none = (_name: string, tell: Addresses): void => tell(new Error('none'), []);
  jest.spyOn(dns, 'resolve4').mockImplementation(holds as never);
  jest.spyOn(dns, 'resolve6').mockImplementation(none as never);
  const hasAsked = (): boolean => asked.length > 0;
  const tell = async (): Promise<void> => {
    await until(hasAsked);
    asked.shift()!(null, ['127.0.0.1']);
  };
  return { tell, hasAsked };
}

test('the first connection of a process asks for the addresses of its server, as any other', async () => {
  const addresses = holdAddresses();
  const servers = server.url.replace('127.0.0.1', 'nats.test');
  const [bus] = await Promise.all([NatsBus.connect({ servers }), addresses.tell()]);
  await bus.close();
});

test('closed while the address of its server is asked for: it is not dialled afterwards', async () => {
  const addresses = holdAddresses();
  const servers = server.url.replace('127.0.0.1', 'nats.test');
  const opening = NatsBus.connect({ servers, reconnectWaitMs: 1 });
  await addresses.tell();
  const bus = await opening;
  server.breakOff();
  await until(addresses.hasAsked);
  await bus.close();
  const dial = jest.spyOn(SlabTransport.prototype, 'dial');
  await addresses.tell();
  // A dial would be in this turn.
  await endOfTurn();
  expect(dial).not.toHaveBeenCalled();
});

test('what a server has not taken when it is given up does not reach it afterwards', async () => {
  const accepted: Socket[] = [];
  const deaf = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined);
    socket.write(scriptedInfo);
  });
  deaf.listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  const { port } = deaf.address() as AddressInfo;
  const transport = new SlabTransport();
  const owner = {
    dials: () => undefined,
    checkPayload: () => undefined,
    parserOf: () => undefined,
  };
  const options: OwnedOptions = { owner };
  await transport.connect({ hostname: '127.0.0.1', port, tlsName: '' }, options);
  // Far more than the operating systems of both sides take.
  const [pieces, piece] = [100, Buffer.alloc(1_000_000)];
  for (let sent = 0; sent < pieces; sent++) transport.send(piece);
  await endOfTurn();
  expect(transport.bytesUnsent).toBeGreaterThan(0);
  transport.disconnect();
  let taken = 0;
  const [socket] = accepted;
  socket!.on('data', (bytes) => (taken += bytes.length));
  await once(socket!, 'close');
  deaf.close();
  expect(taken).toBeLessThan((pieces * piece.length) / 2);
});
