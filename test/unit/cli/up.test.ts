/** What `quorate up` refuses before it looks at anything. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addUp } from '../../../src/cli/commands/up.js';
import { exitCodes } from '../../../src/cli/exit-codes.js';

const { NATS_URL: before } = process.env;
const nobody = 'nats://u:secret@127.0.0.1:1';
const dataDir = join(tmpdir(), 'quorate-is-not-there');

beforeEach(() => void delete process.env['NATS_URL']);
afterEach(() => {
  if (before === undefined) delete process.env['NATS_URL'];
  else process.env['NATS_URL'] = before;
});

function up(...words: string[]): Promise<unknown> {
  const program = new Command('quorate').exitOverride();
  addUp(program);
  return program.parseAsync(['up', '--data-dir', dataDir, ...words], { from: 'user' });
}

test('a port for a server to be started, and NATS_URL names one that runs: refused, with the way out', async () => {
  process.env['NATS_URL'] = nobody;
  const refused = up('--port', '4900');
  await expect(refused).rejects.toMatchObject({ exitCode: exitCodes.usage });
  await expect(refused).rejects.toThrow(
    /^NATS_URL names .* \(nats:\/\/127\.0\.0\.1:1\), and --port 4900 .*: unset NATS_URL to have one started/,
  );
});

test('the same where --servers names it', async () => {
  process.env['NATS_URL'] = nobody;
  const refused = up('--port', '4222', '--servers', nobody);
  await expect(refused).rejects.toThrow(/^--servers names .*: leave it away to have one started/);
});

test('with no port that is told, the server that is named is the one', async () => {
  process.env['NATS_URL'] = nobody;
  // Two replicas in one node: what is refused next.
  await expect(up('--nodes', '1', '--n', '2')).rejects.toThrow(/N above the nodes/);
});
