/** What is said where a NATS server lets nobody in with this password. */
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { withCluster } from '../../../src/cli/changes/operator-options.js';
import { withBus } from '../../../src/cli/connection.js';

function none(): Promise<void> {
  return Promise.resolve();
}

test('a wrong password: where commands have theirs from', async () => {
  const info = { server_id: 'x', version: '2.10.0', max_payload: 1_048_576, auth_required: true };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end("-ERR 'Authorization Violation'\r\n"));
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const servers = `nats://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await expect(withCluster({ servers, prefix: 'kv', dataDir: 'none' }, none)).rejects.toThrow(
    /^no connection to nats:.*--password or QUORATE_NODE_PASSWORD; .*--data-dir/,
  );
  await expect(withBus({ servers }, none)).rejects.toThrow(/--password, or .*NATS_PASSWORD/);
  await new Promise((resolve) => server.close(resolve));
});
