/**
 * What the README shows with the `nats` command and with nats-py, as it stands there, over real
 * nodes behind the accounts of `nats.conf`. `NATS_CLI_BIN` names the command where it is not on the
 * path (`go install github.com/nats-io/natscli/nats@latest` makes one).
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { natsConf, natsConfDefault } from '../../src/bus/nats-conf.js';
import { main } from '../support/launched.js';
import { freePort, startNatsServer, type NatsServer } from '../support/nats-server.js';
import { RealNodes } from '../support/real-nodes.js';
import { repositoryRoot } from '../support/source-files.js';

const readme = readFileSync(join(repositoryRoot(), 'README.md'), 'utf8');
const bigValues = readFileSync(join(repositoryRoot(), 'src/guide/big-values.md'), 'utf8');
const program = process.env['NATS_CLI_BIN'] ?? 'nats';
const home = mkdtempSync(join(tmpdir(), 'quorate-readme-'));
let server: NatsServer;
let nodes: RealNodes;

beforeAll(async () => {
  const port = await freePort();
  server = await startNatsServer({ config: natsConf({ port }), port });
  const { nodeUser, nodePassword } = natsConfDefault;
  nodes = new RealNodes(`nats://${nodeUser}:${nodePassword}@127.0.0.1:${port}`);
  await nodes.startAll(['n1', 'n2', 'n3']);
}, 60_000);

afterAll(async () => {
  await nodes?.end();
  await server?.stop();
  rmSync(home, { recursive: true, force: true });
});

/** What stands fenced as this language, in the order of the page. */
function blocksOf(language: string, page = readme): string[] {
  const fence = '```';
  const blocks = page.matchAll(new RegExp(`^${fence}${language}\n([^]*?)^${fence}`, 'gm'));
  return Array.from(blocks, ([, text = '']) => text);
}

/**
 * Of the blocks that have commands of nats: these, and those of Quorate beside them, where they can
 * be run as they stand. In others something is left for the reader to fill in.
 */
function commands(): string[] {
  return blocksOf('sh')
    .map((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((lines) => lines.some((line) => line.startsWith('nats ')))
    .flat()
    .map((line) => line.split(' #')[0]!.trim())
    .filter((line) => /^(?:nats|quorate|npx quorate|seq) /.test(line))
    .filter((line) => !/[…<]|(?<!\$)\b[A-Z]{4,}\b/.test(line));
}

function isInstalled(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** In a shell, as its reader would; a home of its own has no contexts of somebody's. */
async function shell(
  line: string,
  onOutput: (said: string) => void = () => undefined,
): Promise<Ended> {
  const run = line
    .replace(/^nats /, '"$NATS_CLI_BIN" ')
    .replace(/^(?:npx )?quorate /, `"${process.execPath}" "${main}" `);
  const child = spawn('sh', ['-c', run], {
    env: { ...process.env, NATS_CLI_BIN: program, NATS_URL: server.url, HOME: home },
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      onOutput(said);
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

test('the README has commands of nats to run, and what can be found among them', () => {
  expect(commands().length).toBeGreaterThanOrEqual(6);
  expect(commands()).toContain("nats req kv.get.greetings.hello '' -H 'Kv-R: 3'");
});

test('each command of nats in the README does what it says, beside those of Quorate', async () => {
  if (!isInstalled(program, ['--version'])) {
    console.warn('the nats command is not here: the examples of the README were not tried');
    return;
  }
  for (const line of commands()) {
    if (line.startsWith('nats sub ')) {
      await heard(line);
      continue;
    }
    const { code, said } = await shell(line);
    if (!line.startsWith('nats ')) {
      // A second put on a condition is refused, as the page says it would be.
      expect([0, line.includes('--if ') ? 3 : 0]).toContain(code);
      continue;
    }
    expect([line, code, said]).toEqual([line, 0, expect.not.stringContaining('Error-Code')]);
    if (line.startsWith('nats req kv.get.greetings.hello')) expect(said).toContain('Hello, world');
    if (line === 'nats micro stats quorate') expect(said.match(/\bquorate\b/g)).not.toBeNull();
  }
});

/** A subscription hears something of its bucket once there is something to hear. */
async function heard(line: string): Promise<void> {
  const bucket = /kv\.\w+\.([\w-]+)\./.exec(line)?.[1] ?? '';
  let isPut = false;
  const put: Promise<Ended>[] = [];
  const { code, said } = await shell(`${line} --count=1`, (output) => {
    if (isPut || !output.includes('Subscribing on')) return;
    isPut = true;
    put.push(shell(`nats req kv.put.${bucket}.heard x`));
  });
  await Promise.all(put);
  expect([line, code, said]).toEqual([line, 0, expect.stringContaining(`${bucket}.heard`)]);
}

/** A busy machine may take longer than the half second for which nats-py waits. */
const patience = `
import nats.aio.client
_request = nats.aio.client.Client.request

async def _patiently(self, subject, payload=b"", timeout=30, **more):
    return await _request(self, subject, payload, timeout=timeout, **more)

nats.aio.client.Client.request = _patiently
`;

test('the examples in Python print what stands beside them', async () => {
  if (!isInstalled('python3', ['-c', 'import nats'])) {
    console.warn('nats-py is not here: the example in Python was not tried');
    return;
  }
  const [example = ''] = blocksOf('python');
  const [big = ''] = blocksOf('python', bigValues);
  const child = spawn('python3', ['-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const script = [patience, example, big]
    .join('\n')
    .replaceAll('nats://127.0.0.1:4222', server.url);
  child.stdin.end(script);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  expect([code, err]).toEqual([0, '']);
  const [receipt, value, absent, bothWays] = out.trim().split('\n');
  expect(receipt).toBe('w=2/2 primaries=2 fallbacks=0 durability=sync');
  expect(value).toMatch(/^b'3 apples' [\w-]+$/);
  expect(absent).toBe('404');
  expect(bothWays).toBe('True');
});
