/** Who sits at a terminal of its own, and changes the cluster by the commands there are. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodePassword } from '../cluster.js';
import type { SoakNetwork } from '../network/network.js';

const cli = join(import.meta.dirname, '../../../src/cli/main.js');
/** What a command waits for itself is far less. */
const commandMsMax = 90_000;

export const operatorHost = 'op';

export interface Answer {
  readonly isDone: boolean;
  /** All that was printed, or why not. */
  readonly text: string;
}

export class Operator {
  constructor(
    private readonly options: {
      readonly network: SoakNetwork;
      readonly directory: string;
      readonly servers: readonly string[];
    },
  ) {}

  async run(...words: readonly string[]): Promise<Answer> {
    const { network, directory, servers } = this.options;
    const log = join(directory, `${operatorHost}.log`);
    const before = textOf(log).length;
    const command = [process.execPath, cli, ...words, `--servers=${servers.join(',')}`];
    const env = { QUORATE_NODE_PASSWORD: nodePassword };
    const child = network.spawn(operatorHost, command, { log, env });
    const deadline = setTimeout(() => child.kill('SIGKILL'), commandMsMax);
    const [code] = (await once(child, 'exit')) as [number | null];
    clearTimeout(deadline);
    return { isDone: code === 0, text: textOf(log).slice(before).trim() };
  }

  /** Plans it, and has what was planned happen. */
  async plan(...wishes: readonly string[]): Promise<Answer> {
    const planned = await this.run('ring', 'plan', ...wishes, '--json');
    if (!planned.isDone) return planned;
    const token = /"token":\s*"([^"]+)"/.exec(planned.text)?.[1];
    if (token === undefined) return { isDone: false, text: `no plan: ${planned.text}` };
    return this.run('ring', 'apply', token, '--json');
  }
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
