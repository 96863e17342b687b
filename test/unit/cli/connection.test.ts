/** What is said where no NATS server is, or one that lets nobody in with this password. */
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { withCluster } from '../../../src/cli/changes/operator-options.js';
import { withBus } from '../../../src/cli/connection.js';
import { withClient } from '../../../src/cli/data-options.js';
import { connect, UnavailableError } from '../../../src/index.js';

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
  await expect(withClient({ servers, prefix: 'kv' }, none)).rejects.toThrow(/NATS_PASSWORD/);
  await expect(connect({ servers })).rejects.toThrow(/the options user and password/);
  await new Promise((resolve) => server.close(resolve));
});

const nobody = 'nats://u:secret@127.0.0.1:1';

test.each([
  ['status', () => withBus({ servers: nobody }, none)],
  ['get', () => withClient({ servers: nobody, prefix: 'kv' }, none)],
])('no server, and %s: how to start one, and how to say where it is', async (_, run) => {
  await expect(run()).rejects.toThrow(
    /^no connection to nats:\/\/127\.0\.0\.1:1: CONNECTION_REFUSED \(start .* with quorate up, .* --servers or NATS_URL\)$/,
  );
});

test('no server, from TypeScript: an error of the library, with the reason and what to do', async () => {
  const failed = connect({ servers: [nobody, 'nats://127.0.0.1:2'] });
  await expect(failed).rejects.toThrow(UnavailableError);
  await expect(failed).rejects.toMatchObject({
    code: 503,
    outcome: 'none',
    message: expect.stringMatching(
      /^no connection to nats:\/\/127\.0\.0\.1:1,nats:\S+: CONNECTION_REFUSED \(start .* with quorate up, .* the option servers\)$/,
    ),
    cause: { name: 'NatsError', code: 'CONNECTION_REFUSED' },
  });
});
