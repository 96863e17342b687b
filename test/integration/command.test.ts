/**
 * The quorate command as people use it: processes, exit codes, bytes. One cluster of `quorate up`
 * for all of it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { natsConf } from '../../src/bus/nats-conf.js';
import { isAlive, main, processRows } from '../support/launched.js';
import { freePort, startNatsServer } from '../support/nats-server.js';
import { PlainClient } from '../support/plain-client.js';

const readyMsMax = 100_000;

/**
 * What is tested is what happens, not how fast: each step is a process to start, on machines that
 * may be busy.
 */
jest.setTimeout(240_000);

interface Ended {
  readonly code: number | null;
  readonly out: Buffer;
  readonly text: string;
  readonly err: string;
}

interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /**
   * Resolves once the pattern is in what was printed; rejects with all of it when the process ends
   * or time passes before.
   */
  printed(pattern: RegExp): Promise<void>;
}

/** `NATS_URL` of the surroundings must not lead a test to somebody's cluster. */
const { NATS_URL: _, ...surroundings } = process.env;

function launch(args: readonly string[], env: NodeJS.ProcessEnv = {}): Launched {
  const child = spawn(process.execPath, [main, ...args], { env: { ...surroundings, ...env } });
  const out: Buffer[] = [];
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => void (err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => {
    const bytes = Buffer.concat(out);
    return { code: code as number | null, out: bytes, text: bytes.toString(), err };
  });
  return {
    child,
    ended,
    printed: async (pattern) => {
      for (let waitedMs = 0; waitedMs < readyMsMax; waitedMs += 25) {
        const all = Buffer.concat(out).toString() + err;
        if (pattern.test(all)) return;
        if (child.exitCode !== null || child.signalCode !== null) {
          throw new Error(`it ended with ${child.exitCode ?? child.signalCode}: ${all}`);
        }
        await sleep(25);
      }
      throw new Error(`not printed: ${pattern}\n${Buffer.concat(out).toString()}${err}`);
    },
  };
}

let directory = '';
let servers = '';
let cluster: Launched;

function run(args: readonly string[], input?: Uint8Array): Promise<Ended> {
  const { child, ended } = launch(args, { NATS_URL: servers });
  child.stdin?.end(input);
  return ended;
}

async function nodes(): Promise<{ name: string; status: string; pid: number }[]> {
  const { text } = await run(['status', '--json']);
  return (JSON.parse(text) as { nodes: { name: string; status: string; pid: number }[] }).nodes;
}

/** 6: it was tried again, and may have been done and replaced for all the client knows. */
function isRefused({ code }: Ended): boolean {
  return code === 3 || code === 6;
}

/** Those that have it among their arguments, but for the shell above them. */
async function processesWith(argument: string): Promise<number[]> {
  const rows = (await processRows()).filter(({ args }) => args.includes(argument));
  return rows.filter(({ args }) => !args.startsWith('sh ')).map(({ pid }) => pid);
}

/** On a directory of its own, and without a page that nobody opens. */
function upOn(name: string, ...words: string[]): string[] {
  return ['up', '--no-dashboard', '--data-dir', join(directory, name), ...words];
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < readyMsMax; waitedMs += 100) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error('it did not become true');
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-command-'));
  const port = await freePort();
  servers = `nats://127.0.0.1:${port}`;
  cluster = launch(upOn('data', '--nodes', '3', '--port', String(port)));
  await cluster.printed(new RegExp(`^quorate: ready · 3 nodes · ${servers}$`, 'm'));
});

afterAll(async () => {
  cluster?.child.kill('SIGKILL');
  await cluster?.ended;
  rmSync(directory, { recursive: true, force: true, maxRetries: 20 });
});

describe('put, get, del', () => {
  test('a value comes back as it was put, from an argument, a file and standard input', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 0, 128]);
    writeFileSync(join(directory, 'value'), bytes);
    expect(await run(['put', 'b', 'text', 'grüße'])).toMatchObject({ code: 0, text: '' });
    expect((await run(['put', 'b', 'file', '--file', join(directory, 'value')])).code).toBe(0);
    expect((await run(['put', 'b', 'stdin', '-'], bytes)).code).toBe(0);
    expect((await run(['get', 'b', 'text'])).text).toBe('grüße');
    expect((await run(['get', 'b', 'file'])).out.equals(bytes)).toBe(true);
    expect((await run(['get', 'b', 'stdin'])).out.equals(bytes)).toBe(true);
  });

  test('a key that is no NATS subject', async () => {
    expect((await run(['put', 'b', 'a key, with * and >', 'v'])).code).toBe(0);
    expect((await run(['get', 'b', 'a key, with * and >'])).text).toBe('v');
  });

  test('siblings are shown, one can be had alone, and a put with the context merges them', async () => {
    await run(['put', 'b', 's', 'one', '--context', '-']);
    await run(['put', 'b', 's', 'two', '--context', '-']);
    const refused = await run(['get', 'b', 's']);
    expect(refused).toMatchObject({ code: 3, text: '' });
    expect(refused.err).toMatch(/b\/s has 2 values: .*--sibling 1 to 2; .*--siblings; .*--json/);
    const shown = await run(['get', 'b', 's', '--siblings']);
    expect(shown.code).toBe(0);
    expect(shown.text).toMatch(/has 2 values[^]*1 of 2\n(one|two)\n[^]*2 of 2\n(one|two)\n/);
    const { text } = await run(['get', 'b', 's', '--json']);
    const { context, values } = JSON.parse(text) as { context: string; values: object[] };
    expect(values).toHaveLength(2);
    const second = await run(['get', 'b', 's', '--sibling', '2']);
    expect(values[1]).toMatchObject({ text: second.text });
    await run(['put', 'b', 's', 'both', '--context', context]);
    expect((await run(['get', 'b', 's'])).text).toBe('both');
  });

  test('on a condition: exit code 3 where it is not met, and what is there with --json', async () => {
    const create = ['put', 'b', 'lock', 'mine', '--if', 'absent'];
    expect(await run([...create, '-v'])).toMatchObject({
      code: 0,
      err: expect.stringContaining('compared=2') as unknown,
    });
    const second = await run(create);
    expect([isRefused(second), second.text]).toEqual([true, '']);
    const refused = await run([...create, '--json']);
    expect(isRefused(refused)).toBe(true);
    const { error } = JSON.parse(refused.text) as { error: { context: string } };
    const values = [{ text: 'mine', base64: 'bWluZQ==' }];
    expect(error).toMatchObject({ code: 409, values });
    const seen = ['--context', error.context, '--if', 'context'];
    expect((await run(['put', 'b', 'lock', 'other', ...seen])).code).toBe(0);
    expect(isRefused(await run(['del', 'b', 'lock', ...seen]))).toBe(true);
    expect((await run(['get', 'b', 'lock'])).text).toBe('other');
    expect((await run(['del', 'b', 'lock', '--if', 'absent'])).code).toBe(2);
    expect((await run(['put', 'b', 'lock', 'x', '--if', 'never'])).code).toBe(2);
  });

  test('touch: another lifetime for what is there, and for nothing else', async () => {
    await run(['put', 'b', 'session', 'x', '--ttl', '1h']);
    const touched = await run(['touch', 'b', 'session', '--ttl', 'none', '--json', '--w', '3']);
    expect(touched.code).toBe(0);
    const said = JSON.parse(touched.text) as { context: string; receipt: string };
    expect(said).toMatchObject({ bucket: 'b', key: 'session' });
    expect(said.receipt).toContain('w=3/3 ');
    const context = ['--context', said.context, '--if', 'context'];
    expect((await run(['put', 'b', 'session', 'y', ...context])).code).toBe(0);
    expect(await run(['touch', 'b', 'session', '--ttl', '1s'])).toMatchObject({
      code: 0,
      text: '',
    });
    await until(async () => (await run(['get', 'b', 'session'])).code === 4);
    for (const key of ['session', 'never'])
      expect(await run(['touch', 'b', key, '--ttl', '1h'])).toMatchObject({
        code: 4,
        err: 'quorate: no such key\n',
      });
    expect((await run(['touch', 'b', 'session'])).code).toBe(2);
    expect((await run(['touch', 'b', 'session', '--ttl', 'soon'])).code).toBe(2);
  });

  test('touch: the value lives as long as was said last', async () => {
    const plain = await PlainClient.connect(servers);
    try {
      await run(['put', 'b', 'kept', 'x', '--ttl', '2h']);
      expect((await run(['touch', 'b', 'kept', '--ttl', '1h'])).code).toBe(0);
      const { expiresInMs } = await plain.get('b.kept');
      expect(expiresInMs).toBeGreaterThan(0);
      expect(expiresInMs).toBeLessThanOrEqual(3_600_000);
      expect((await run(['touch', 'b', 'kept', '--ttl', 'none'])).code).toBe(0);
      expect(await plain.get('b.kept')).toMatchObject({ code: 200, expiresInMs: undefined });
    } finally {
      await plain.close();
    }
  });

  test('--verbose says receipt and context, on standard error', async () => {
    const put = await run(['put', 'b', 'v', 'x', '-v', '--w', '3']);
    expect(put.text).toBe('');
    expect(put.err).toMatch(/^w=3\/3 primaries=3 fallbacks=0 durability=sync\ncontext [\w-]+\n$/);
  });

  test('deleted, absent: exit code 4, said on standard error', async () => {
    await run(['put', 'b', 'gone', 'x']);
    expect((await run(['del', 'b', 'gone'])).code).toBe(0);
    const get = await run(['get', 'b', 'gone']);
    expect(get).toMatchObject({ code: 4, text: '', err: 'quorate: no such key: b/gone\n' });
    const json = await run(['get', 'b', 'never', '--json']);
    expect(json.code).toBe(4);
    expect(JSON.parse(json.text)).toMatchObject({ error: { code: 404 } });
  });
});

describe('exit codes', () => {
  test.each([
    ['no command', [], 2],
    ['an unknown command', ['fetch'], 2],
    ['an unknown option', ['get', 'b', 'k', '--fast'], 2],
    ['no value', ['put', 'b', 'k'], 2],
    ['a file that is not there', ['put', 'b', 'k', '--file', '/nonexistent'], 2],
    ['W above N', ['put', 'b', 'k', 'v', '--w', '4'], 2],
    ['a context that is none', ['put', 'b', 'k', 'v', '--context', '!'], 2],
    ['a bucket that can be none', ['put', 'a.b', 'k', 'v'], 2],
    ['help', ['--help'], 0],
    ['version', ['--version'], 0],
  ])('%s', async (_, args, code) => {
    expect((await run(args)).code).toBe(code);
  });

  test('a value past the limit of one request, which alone can be traced: 3', async () => {
    const put = await run(['put', 'b', 'k', '-', '--trace'], Buffer.alloc(600_000));
    expect(put).toMatchObject({ code: 3, err: expect.stringContaining('at most') });
  });

  test('no server: 5', async () => {
    const { code, err } = await run(['get', 'b', 'k', '--servers', 'nats://127.0.0.1:1']);
    expect(code).toBe(5);
    expect(err).toMatch(/^quorate: no connection to nats:\/\/127\.0\.0\.1:1: .*quorate up/);
  });
});

describe('status and ring', () => {
  test('three nodes, each on a host of its own, hold every partition', async () => {
    expect(await nodes()).toMatchObject([
      { name: 'n1', host: 'host-1', status: 'serving', partitions: 256, hints: 0 },
      { name: 'n2', host: 'host-2', status: 'serving', partitions: 256, hints: 0 },
      { name: 'n3', host: 'host-3', status: 'serving', partitions: 256, hints: 0 },
    ]);
    const { text } = await run(['ring', '--key', 'b/some key', '--json']);
    const { nodes: list } = JSON.parse(text) as { nodes: { role: string }[] };
    expect(list.map(({ role }) => role)).toEqual(['primary', 'primary', 'primary']);
    expect((await run(['ring'])).text).toMatch(/^256 partitions, N=3, layout \d+\nNAME /);
    const watched = await run(['ring', '--watch']);
    expect([watched.code, watched.text]).toEqual([0, expect.stringMatching(/^nothing moves\n256/)]);
  });

  test('--node is a health check', async () => {
    expect((await run(['status', '--node', 'n2'])).code).toBe(0);
    expect((await run(['status', '--node', 'n9'])).code).toBe(5);
  });
});

test('nats-conf: what it prints is what nats-server takes; what would be open to all is refused', async () => {
  const words = ['--prefix', 'orders', '--partitions', '64'];
  const { code, text } = await run(['nats-conf', ...words]);
  expect(code).toBe(0);
  expect(text).toBe(natsConf({ prefix: 'orders', partitions: 64 }));
  expect((await run(['nats-conf', '--host', '0.0.0.0'])).code).toBe(2);
});

describe('up', () => {
  test('a node that is killed is said to have died, and serves again', async () => {
    const before = (await nodes()).find(({ name }) => name === 'n2')!;
    process.kill(before.pid, 'SIGKILL');
    await cluster.printed(/n2 died \(SIGKILL\); starting it again\nn2 serves again/);
    const after = (await nodes()).find(({ name }) => name === 'n2')!;
    expect(after.pid).not.toBe(before.pid);
  });

  test('nats-server is killed: it is started again at once, and the nodes serve as before', async () => {
    const [pid] = await processesWith(join(directory, 'data', 'nats.conf'));
    process.kill(pid!, 'SIGKILL');
    await cluster.printed(
      /nats-server died \(.*\); starting it again\n[^]*nats-server serves again/,
    );
    await until(async () => (await run(['put', 'b', 'after', 'v'])).code === 0);
    expect((await nodes()).map(({ status }) => status)).toEqual(['serving', 'serving', 'serving']);
  });

  test('on data that are in use: said at once and with the process, and what runs goes on', async () => {
    const { code, err } = await run(upOn('data'));
    const pids = (await nodes()).map(({ pid }) => pid);
    expect(code).toBe(2);
    expect(err).toMatch(/^quorate: the data directory .*data\/n\d is in use by process \d+: /);
    expect(pids).toContain(Number(/process (\d+)/.exec(err)![1]));
  });

  test('a node on a directory that is in use: exit code 2, so that nobody starts it again', async () => {
    const { code, err } = await run(['node', '--data-dir', join(directory, 'data', 'n1')]);
    expect(code).toBe(2);
    expect(err).toMatch(/n1 is in use by process \d+/);
  });

  test('SIGTERM: every process ends, exit code 0; started again, the data is there', async () => {
    await run(['put', 'b', 'stays', 'here']);
    const pids = (await nodes()).map(({ pid }) => pid);
    cluster.child.kill('SIGTERM');
    expect((await cluster.ended).code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    const port = servers.split(':').at(-1)!;
    cluster = launch(upOn('data', '--port', port));
    await cluster.printed(/quorate: ready/);
    expect((await run(['get', 'b', 'stays'])).text).toBe('here');
  });

  test('kill -9 of `up` itself: its nodes and its nats-server end by themselves', async () => {
    const pids = (await nodes()).map(({ pid }) => pid);
    cluster.child.kill('SIGKILL');
    await until(async () => !pids.some(isAlive));
    await until(async () => (await run(['status'])).err.includes('no connection'));
  });

  test('without a node it says how many serve', async () => {
    const args = ['--without', 'n2', '--port', String(await freePort()), '--json'];
    const two = launch(upOn('data', ...args));
    try {
      await two.printed(/^\{"event":"ready","nodes":2,/m);
    } finally {
      two.child.kill('SIGTERM');
      await two.ended;
    }
  });

  test('on a server that is there, --no-restart: two nodes, one is killed and left alone, the other goes on', async () => {
    const server = await startNatsServer({ config: natsConf() });
    servers = server.url;
    const options = ['--nodes', '2', '--w', '1', '--r', '1', '--no-restart', '--json'];
    const two = launch(upOn('two', ...options), {
      NATS_URL: server.url,
    });
    try {
      await two.printed(/^\{"event":"ready","nodes":2,"servers":"nats:.*"\}$/m);
      process.kill((await nodes()).find(({ name }) => name === 'n1')!.pid, 'SIGKILL');
      await two.printed(/n1 died \(SIGKILL\)\n/);
      expect((await run(['put', 'b', 'k', 'v'])).code).toBe(0);
      expect((await nodes()).map(({ status }) => status)).toEqual(['down', 'serving']);
      expect((await run(['put', 'b', 'k', 'v', '--w', '2'])).code).not.toBe(0);
      two.child.kill('SIGINT');
      expect((await two.ended).code).toBe(0);
      expect((await run(['status'])).code).toBe(5);
    } finally {
      two.child.kill('SIGKILL');
      await two.ended;
      await server.stop();
    }
  });

  test('another number of nodes than the data is of, and nobody to ask: refused before anything starts', async () => {
    const { code, err } = await run(upOn('data', '--nodes', '4'));
    expect(code).toBe(2);
    expect(err).toMatch(
      /data holds a cluster of 3 nodes, and n4 would come: say --yes if .*leave --nodes away/,
    );
    const fewer = await run(upOn('data', '--nodes', '2'));
    expect(fewer.code).toBe(2);
    expect(fewer.err).toMatch(/each key has 3 replicas \(N\), so --nodes 2 would leave too few/);
  });

  test.each([
    [
      'lets no node in',
      'authorization { users = [{ user: a, password: b }] }',
      /n\d: no connection to .*Authorization Violation.*QUORATE_NODE_USER/,
    ],
    ['takes too little at once', 'max_payload: 10000', /n\d: .* set its max_payload to \d+/],
  ])(
    'a server that %s: given up with the reason, and no node tried again',
    async (_, config, why) => {
      const server = await startNatsServer({ config });
      const up = launch(upOn('refused', '--nodes', '2', '--n', '2', '--servers', server.url));
      try {
        const { code, err } = await up.ended;
        expect(code).toBe(1);
        expect(err).toMatch(why);
        expect(err).toMatch(/quorate: n\d does not start\n/);
        expect(err).not.toContain('starting it again');
      } finally {
        up.child.kill('SIGKILL');
        await server.stop();
      }
    },
  );

  test('the port is taken: a clear error that says what to do', async () => {
    const server = await startNatsServer();
    const { code, err } = await run(upOn('other', '--port', String(server.port), '--servers', ''));
    await server.stop();
    expect(code).toBe(5);
    expect(err).toMatch(/port \d+ is in use\. .*--servers[^]*--port/);
  });

  test.each([
    [['--nodes', '2', '--n', '3'], 2],
    [['--w', '4'], 2],
    [['--durability', 'maybe'], 2],
    [['--bucket', 'a.b n=3'], 2],
    [['--servers', 'nats://127.0.0.1:1', '--data-dir', '/nonexistent'], 5],
  ])('up %j: exit code %i', async (options, code) => {
    expect((await run(['up', ...options])).code).toBe(code);
  });
});
