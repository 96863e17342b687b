/**
 * Every way in which a NATS server wants to know who one is, on real servers: for clients, nodes
 * and the command; and that what is secret is in no error, no argument and no output.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { connect, MalformedError, UnavailableError, type ConnectOptions } from '../../src/index.js';
import { end, launch, processRows, run } from '../support/launched.js';
import {
  credentialsIdentity,
  nkeyIdentity,
  tlsCertificate,
  tlsConfig,
} from '../support/nats-identities.js';
import { startNatsServer, type NatsServer } from '../support/nats-server.js';

jest.setTimeout(120_000);

const home = mkdtempSync(join(tmpdir(), 'quorate-ways-'));
const secret = 'hush-hush';
const creds = credentialsIdentity();
const nkey = nkeyIdentity();

function file(name: string, text: string): string {
  const path = join(home, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const files = {
  creds: file('user.creds', creds.secret),
  nkey: file('user.nk', `${nkey.secret}\n`),
  token: file('token', `${secret}\n`),
  password: file('password', `${secret}\n`),
  cert: file('cert.pem', tlsCertificate.certificate),
  key: file('key.pem', tlsCertificate.key),
};
const tls = { caFile: files.cert, certFile: files.cert, keyFile: files.key };

/** What a server asks for, and how it is told. */
interface Way {
  readonly config: string;
  /** Each of them lets one in. */
  readonly told: readonly ConnectOptions[];
  readonly refused: ConnectOptions;
  /** Of the command, and its surroundings. */
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly context: object;
  /** In the address, where it can be there. */
  readonly inUrl?: string;
}

const ways: Readonly<Record<string, Way>> = {
  'user and password': {
    config: `authorization { user: u, password: ${secret} }`,
    told: [{ user: 'u', password: secret }],
    refused: { user: 'u', password: 'wrong' },
    words: ['--user', 'u', '--password-file', files.password],
    env: { NATS_USER: 'u', NATS_PASSWORD: secret },
    context: { user: 'u', password: secret },
    inUrl: `u:${secret}@`,
  },
  'a token': {
    config: `authorization { token: ${secret} }`,
    told: [{ token: secret }],
    refused: { token: 'wrong' },
    words: ['--token-file', files.token],
    env: { NATS_TOKEN: secret },
    context: { token: secret },
    inUrl: `${secret}@`,
  },
  credentials: {
    config: creds.config,
    told: [{ credsFile: files.creds }, { creds: creds.secret }],
    refused: { creds: credentialsIdentity().secret },
    words: ['--creds', files.creds],
    env: { NATS_CREDS: files.creds },
    context: { creds: files.creds },
  },
  'an nkey': {
    config: nkey.config,
    told: [{ nkeyFile: files.nkey }, { nkey: nkey.secret }],
    refused: { nkey: nkeyIdentity().secret },
    words: ['--nkey', files.nkey],
    env: { NATS_NKEY: files.nkey },
    context: { nkey: files.nkey },
  },
  'TLS, both with a certificate': {
    config: tlsConfig(files.cert, files.key),
    told: [
      { tls },
      {
        tls: {
          ca: tlsCertificate.certificate,
          cert: tlsCertificate.certificate,
          key: tlsCertificate.key,
        },
      },
    ],
    refused: { tls: { caFile: files.cert } },
    words: ['--tlsca', files.cert, '--tlscert', files.cert, '--tlskey', files.key],
    env: { NATS_CA: files.cert, NATS_CERT: files.cert, NATS_KEY: files.key },
    context: { ca: files.cert, cert: files.cert, key: files.key },
  },
};

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A configuration of the `nats` command with one context, selected or not. */
function contexts(name: string, context: object, selected: boolean): NodeJS.ProcessEnv {
  const config = mkdtempSync(join(home, 'config-'));
  mkdirSync(join(config, 'nats/context'), { recursive: true });
  writeFileSync(join(config, 'nats/context', `${name}.json`), JSON.stringify(context));
  if (selected) writeFileSync(join(config, 'nats/context.txt'), name);
  return { XDG_CONFIG_HOME: config };
}

describe.each(Object.entries(ways))('%s', (_, way) => {
  let server: NatsServer;

  beforeAll(async () => {
    server = await startNatsServer({ config: way.config });
  });

  afterAll(() => server?.stop());

  const { XDG_CONFIG_HOME: before } = process.env;

  afterEach(() => {
    if (before === undefined) delete process.env['XDG_CONFIG_HOME'];
    else process.env['XDG_CONFIG_HOME'] = before;
  });

  test('connect() is let in', async () => {
    for (const told of way.told) {
      await (await connect({ servers: server.url, ...told })).close();
    }
    if (way.inUrl === undefined) return;
    await (await connect({ servers: server.url.replace('//', `//${way.inUrl}`) })).close();
  });

  test('by a context of the nats command as well', async () => {
    Object.assign(process.env, contexts('prod', { url: server.url, ...way.context }, false));
    await (await connect({ context: 'prod' })).close();
  });

  test('somebody else is not, and no error says what was told', async () => {
    const refused = await connect({ servers: server.url, ...way.refused }).catch((error) => error);
    expect(refused).toBeInstanceOf(UnavailableError);
    const said = JSON.stringify([refused.message, String(refused.cause), refused.stack]);
    for (const text of Object.values(way.refused))
      if (typeof text === 'string' && text !== 'u') expect(said).not.toContain(text);
  });

  test('a node serves, and what is secret is not among its arguments', async () => {
    const env = Object.fromEntries(
      Object.entries(way.env).map(([name, value]) => [
        name === 'NATS_CA' ? name : name.replace('NATS_', 'QUORATE_NODE_'),
        value,
      ]),
    );
    const data = mkdtempSync(join(home, 'node-'));
    const alone = ['--name', 'a', '--founders', '1', '--n', '1', '--r', '1', '--w', '1'];
    const where = ['--servers', server.url, '--data-dir', data];
    const { child } = await launch(['node', ...alone, ...where], env);
    try {
      const rows = await processRows();
      expect(rows.find(({ pid }) => pid === child.pid)?.args).toContain('--founders 1');
      expect(JSON.stringify(rows)).not.toContain(secret);
      expect(await run(['status', '--servers', server.url, '--json'], way.env)).toMatchObject({
        code: 0,
        out: expect.stringContaining('"serving"'),
      });
    } finally {
      await end(child);
    }
  });

  test('the command: by its options, its environment, a context, the selected one', async () => {
    // Nobody answers there: it came in.
    const cameIn = { code: 5, err: expect.stringContaining('no node') };
    const said = [
      await run(['status', '--servers', server.url, ...way.words]),
      await run(['status', '--servers', server.url], way.env),
      await run(
        ['status', '--nats-context', 'prod'],
        contexts('prod', { url: server.url, ...way.context }, false),
      ),
      await run(['status'], contexts('chosen', { url: server.url, ...way.context }, true)),
    ];
    for (const one of said) expect(one).toMatchObject(cameIn);
    const stranger = await run(['status', '--servers', server.url]);
    expect(stranger).toMatchObject({ code: 5, err: expect.stringContaining('no connection') });
    expect(JSON.stringify(said)).not.toContain(secret);
  });
});

describe('what can not be done is said', () => {
  test.each<[string, ConnectOptions, RegExp]>([
    ['two ways at once', { token: 'hush', nkey: 'hush' }, /one of/],
    ['no seed', { nkey: 'hush' }, /nkey can't be used/],
    ['no credentials', { creds: 'hush' }, /credentials can't be used/],
    ['no such file', { credsFile: join(home, 'none') }, /none can't be read: ENOENT/],
    ['a key without a certificate', { tls: { key: 'hush' } }, /a key its certificate/],
    ['no address', { servers: 'nats://u:hush@[1/' }, /no address/],
    ['no such context', { context: 'none' }, /context none/],
    ['a context that is elsewhere', { context: '../hush' }, /no name of a context/],
  ])('%s', async (_, options, text) => {
    const error: unknown = await connect(options).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(MalformedError);
    expect((error as Error).message).toMatch(text);
    if (options.context === undefined) expect(JSON.stringify(error)).not.toContain('hush');
  });

  test('a server that does not encrypt is none where TLS is asked for', async () => {
    const server = await startNatsServer();
    try {
      const url = server.url.replace('nats:', 'tls:');
      await expect(connect({ servers: url })).rejects.toThrow(UnavailableError);
      await expect(connect({ servers: server.url, tls })).rejects.toThrow(UnavailableError);
    } finally {
      await server.stop();
    }
  });

  test('a context that has what is not followed here is refused, not followed in part', async () => {
    const env = contexts('odd', { url: 'nats://127.0.0.1:1', nsc: 'nsc://o/a/u' }, true);
    expect(await run(['status'], env)).toMatchObject({
      code: 2,
      err: expect.stringContaining('nsc'),
    });
  });
});
