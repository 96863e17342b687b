/**
 * Who tries the examples of a page: has a directory of their own, which is the home too, the
 * commands on the path, and a project with the package in it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { main } from '../launched.js';
import { repositoryRoot } from '../source-files.js';

/** Where examples have the server; what they say to it goes to that of the test. */
const portOfExamples = 4222;

/** Of no two parts that are equal, and of more than one. */
const film = Buffer.from(Array.from({ length: 325_000 }, (_, i) => i).flatMap(bytesOf));

function bytesOf(number: number): number[] {
  return [number & 255, (number >> 8) & 255, (number >> 16) & 255, 0];
}

/** Of nats, where it is not on the path. */
const natsProgram = process.env['NATS_CLI_BIN'];

/** What may not be on this machine. */
export function isThere(tool: 'nats' | 'python'): boolean {
  const words =
    tool === 'nats' ? [natsProgram ?? 'nats', '--version'] : ['python3', '-c', 'import nats'];
  return spawnSync(words[0]!, words.slice(1), { stdio: 'ignore' }).status === 0;
}

/** Files of a page are made anew, what is below `tools` is there for all pages. */
export class Reader {
  private readonly root = mkdtempSync(join(tmpdir(), 'quorate-guide-'));
  readonly project = join(this.root, 'project');
  private readonly tools = join(this.root, 'tools');

  constructor() {
    mkdirSync(join(this.project, 'node_modules'), { recursive: true });
    mkdirSync(this.tools);
    const repository = repositoryRoot();
    writeFileSync(join(this.project, 'package.json'), '{ "type": "module" }');
    symlinkSync(repository, join(this.project, 'node_modules/quorate'));
    symlinkSync(join(repository, 'node_modules/@types'), join(this.project, 'node_modules/@types'));
    this.command('quorate', `exec "${process.execPath}" "${main}" "$@"`);
    this.command('npx', '[ "$1" = quorate ] || exit 127; exec "$@"');
    if (natsProgram !== undefined) this.command('nats', `exec "${natsProgram}" "$@"`);
    writeFileSync(join(this.tools, 'elsewhere.mjs'), elsewhereInNode);
    writeFileSync(join(this.tools, 'sitecustomize.py'), elsewhereInPython);
  }

  /** For one page, whose cluster is behind the server at this port. */
  at(page: string, port: number): { cwd: string; env: NodeJS.ProcessEnv } {
    const cwd = join(this.root, page.replaceAll('/', '-'));
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'trailer.mkv'), film);
    writeFileSync(join(cwd, 'value.txt'), 'a value');
    const { PATH = '' } = process.env;
    return {
      cwd,
      env: {
        PATH: `${this.tools}${delimiter}${PATH}`,
        HOME: cwd,
        LANG: 'C.UTF-8',
        NATS_URL: `nats://127.0.0.1:${port}`,
        NATS_TIMEOUT: '60s',
        SERVER_PORT: String(port),
        NODE_OPTIONS: `--import ${join(this.tools, 'elsewhere.mjs')}`,
        PYTHONPATH: this.tools,
        PYTHONDONTWRITEBYTECODE: '1',
      },
    };
  }

  end(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 20 });
  }

  private command(name: string, script: string): void {
    writeFileSync(join(this.tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
}

/** An example is run as printed, and must not find a cluster that somebody has on this machine. */
const elsewhereInNode = `
import { Socket } from 'node:net';
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  const [options] = [args[0]].flat();
  if (Number(options?.port) === ${portOfExamples}) options.port = Number(process.env.SERVER_PORT);
  return connect.apply(this, args);
};
`;

/** The same; and a busy machine may take longer than the half second for which nats-py waits. */
const elsewhereInPython = `
import asyncio, os
_open = asyncio.open_connection

async def _elsewhere(host=None, port=None, **more):
    there = int(os.environ["SERVER_PORT"]) if port == ${portOfExamples} else port
    return await _open(host, there, **more)

asyncio.open_connection = _elsewhere
try:
    from nats.aio.client import Client
    _request = Client.request

    async def _patiently(self, subject, payload=b"", timeout=0.5, **more):
        return await _request(self, subject, payload, timeout=max(timeout, 60), **more)

    Client.request = _patiently
except ImportError:
    pass
`;
