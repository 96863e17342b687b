import { expect, test } from '@jest/globals';
import { Flights } from '../../../src/client/flights.js';
import { RealRandom } from '../../../src/seams/real-random.js';
import { MemoryNetwork } from '../../support/memory-bus.js';

test('flights: whoever has seen where answers went cannot have one arrive where the next is expected', () => {
  const network = new MemoryNetwork();
  const [forger, node] = [network.connect(), network.connect()];
  const answers: string[] = [];
  const flights = new Flights(network.connect(), new RealRandom(), (_, { data }) =>
    answers.push(Buffer.from(data).toString()),
  );
  const asked: string[] = [];
  node.subscribe('kv.ring', ({ reply }) => asked.push(reply));
  const ask = (): void => {
    flights.send({ kind: 'ring', sentAtMs: 0 }, { subject: 'kv.ring', payload: new Uint8Array(0) });
    network.settle();
  };
  ask();
  node.publish(asked[0]!, Buffer.from('true'));
  network.settle();
  ask();
  // What it knows: the inbox, that answers are numbered, and all that came behind a number before.
  const [first] = asked;
  const inbox = first!.slice(0, first!.lastIndexOf('.') + 1);
  const ends = ['', first!.slice(inbox.length).replace(/^\d+/, '')];
  for (let id = 0; id < 100; id++)
    for (const end of ends) forger.publish(`${inbox}${id}${end}`, Buffer.from('forged'));
  network.settle();
  node.publish(asked[1]!, Buffer.from('true'));
  network.settle();
  expect(answers).toEqual(['true', 'true']);
});
