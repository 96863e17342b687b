/**
 * What a nats-server says of itself when one connects: the `INFO {…}` line that every NATS server
 * sends first, in plain text.
 */
import { connect, createServer } from 'node:net';
import { commandLimits } from '../../actors/rules/limits/command.js';
import { parseServerVersion, type ServerVersion } from './nats-server-version.js';

export interface ServerInfo {
  readonly version: ServerVersion | undefined;
  readonly authRequired: boolean;
}

const portDefault = 4222;

/** Rejects when nobody answers there in time, or somebody who is no nats-server. */
export function readServerInfo(url: string, timeoutMs: number): Promise<ServerInfo> {
  const { host, port } = hostAndPort(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    let text = '';
    const fail = (reason: string): void => {
      socket.destroy();
      reject(new Error(`${host}:${port}: ${reason}`));
    };
    socket.setEncoding('latin1');
    socket.on('timeout', () => fail('no answer'));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on('end', () => fail('closed without a word'));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\r\n');
      if (end < 0 && text.length < commandLimits.serverInfoBytesMax) return;
      const info = parseInfo(text.slice(0, end));
      if (info === undefined) return fail('not a nats-server');
      socket.destroy();
      resolve(info);
    });
  });
}

function parseInfo(line: string): ServerInfo | undefined {
  if (!line.startsWith('INFO ')) return undefined;
  try {
    const info = JSON.parse(line.slice(5)) as { version?: unknown; auth_required?: unknown };
    return {
      version: parseServerVersion(String(info.version)),
      authRequired: info.auth_required === true,
    };
  } catch {
    return undefined;
  }
}

/** Of the first server in a list of URLs; the scheme may be missing, as with NATS clients. */
export function hostAndPort(servers: string): { host: string; port: number } {
  const first = (servers.split(',')[0] ?? '').trim();
  const url = new URL(first.includes('://') ? first : `nats://${first}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host: host === '' ? '127.0.0.1' : host, port: Number(url.port || portDefault) };
}

export function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
