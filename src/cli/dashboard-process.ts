/**
 * The dashboard beside a node, in a process of its own: what happens to it does not touch the node,
 * and it ends when the node's process does.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeVariables, type NodeConnection } from './connection.js';
import { surroundingsOf } from './identity.js';

export interface DashboardPlace {
  /** Undefined: the usual one, or one of the next where that is taken. */
  readonly port: number | undefined;
  readonly connection: NodeConnection;
  readonly prefix: string;
  readonly json: boolean;
}

/** What it says stands among what this process says. */
export function startDashboard({ port, connection, prefix, json }: DashboardPlace): void {
  const main = join(import.meta.dirname, 'main.js');
  const place = port === undefined ? [] : ['--listen', String(port)];
  const words = ['dashboard', ...place, '--prefix', prefix, '--supervised'];
  const child = spawn(process.execPath, [main, ...words, ...(json ? ['--json'] : [])], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      NATS_URL: connection.servers,
      ...surroundingsOf(connection, nodeVariables),
    },
  });
  child.on('error', () => undefined);
  // It is no reason to go on.
  child.unref();
  child.channel?.unref();
}
