/** Runs the examples of one page as they are printed, in their order, on a cluster of its own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsConf, natsConfDefault } from '../../../src/bus/nats-conf.js';
import { exitCodes } from '../../../src/cli/exit-codes.js';
import { connect, type QuorateClient } from '../../../src/index.js';
import { freePort, startNatsServer } from '../nats-server.js';
import { RealNodes } from '../real-nodes.js';
import type { Block } from './blocks.js';
import { bucketResolvedIn, isResolver, isToldOf } from './bystander.js';
import type { Modules } from './modules.js';
import { Program, type Surroundings } from './program.js';
import type { Reader } from './reader.js';
import {
  missingPrint,
  programComments,
  remarksOf,
  unexpectedError,
  type Remarks,
} from './remarks.js';
import { shellCommandsOf, type ShellCommand } from './shell-commands.js';

/** Of what says that it was not done in time, and may be tried again. */
const triesMax = 5;
const againCodes = new Set<number | null>([exitCodes.unavailable, exitCodes.unknown]);
const lateError = /\b(?:Unavailable|Deadline|Overloaded)Error\b/;

/** What the examples of all pages are tried with. */
export interface Means {
  readonly reader: Reader;
  readonly modules: Modules;
  readonly hasNats: boolean;
  readonly hasPython: boolean;
}

export interface Outcome {
  /** Page and line, what was run, what became of it. */
  readonly faults: readonly string[];
  /** Blocks, and commands of blocks, that were run to their end. */
  readonly ran: number;
  /** Those for which a program is not here. */
  readonly skipped: number;
}

export async function runPage(blocks: readonly Block[], means: Means): Promise<Outcome> {
  const port = await freePort();
  const server = await startNatsServer({ config: natsConf({ port }), port });
  const { nodeUser, nodePassword } = natsConfDefault;
  const nodes = new RealNodes(`nats://${nodeUser}:${nodePassword}@127.0.0.1:${port}`);
  try {
    await nodes.startAll(['n1', 'n2', 'n3']);
    const client = await connect({ servers: server.url });
    const run = new PageRun(means, client, means.reader.at(blocks[0]!.page, port));
    for (const block of blocks) await run.block(block);
    await client.close();
    return run;
  } finally {
    await nodes.end();
    await server.stop();
  }
}

class PageRun implements Outcome {
  readonly faults: string[] = [];
  ran = 0;
  skipped = 0;

  constructor(
    private readonly means: Means,
    private readonly client: QuorateClient,
    private readonly surroundings: Surroundings,
  ) {}

  async block(block: Block): Promise<void> {
    if (block.language === 'ts') {
      const file = this.means.modules.fileOf(block);
      await this.program(
        block,
        '//',
        () => new Program(process.execPath, [file], this.surroundings),
      );
    } else if (block.language === 'python') {
      await this.python(block);
    } else {
      await this.shell(block);
    }
  }

  private async python(block: Block): Promise<void> {
    if (!this.means.hasPython) {
      this.skipped++;
      return;
    }
    const file = join(this.surroundings.cwd, `example-${block.line}.py`);
    writeFileSync(file, block.text);
    await this.program(block, '#', () => new Program('python3', [file], this.surroundings));
  }

  private async program(block: Block, mark: '//' | '#', start: () => Program): Promise<void> {
    const remarks = remarksOf(programComments(block.text, mark));
    await this.judge({ ...block, isEndless: block.words.has('endless'), remarks }, start);
  }

  /** One command after the other; variables and where they are go on to the next one. */
  private async shell(block: Block): Promise<void> {
    const state = join(this.surroundings.cwd, '.state');
    writeFileSync(state, '');
    const env = { ...this.surroundings.env, STATE: state };
    for (const command of await shellCommandsOf(block.text)) {
      if (command.needsNats && !this.means.hasNats) {
        this.skipped++;
        continue;
      }
      const start = (): Program =>
        new Program('bash', ['-c', scriptOf(command)], { ...this.surroundings, env });
      await this.judge({ ...command, page: block.page, line: block.line + command.at }, start);
    }
  }

  private async judge(example: Example, start: () => Program): Promise<void> {
    const { isEndless, remarks } = example;
    const program = isEndless ? start() : await untilDone(start);
    let complaint: string | undefined;
    if (isEndless && !(await this.isHeard(example.text, program))) {
      complaint = 'did not do what goes on for others';
    }
    if (isEndless) await program.interrupt();
    const code = await program.ended;
    const { said } = program;
    if (!isEndless && code !== remarks.exit) complaint = `ended with ${code}, not ${remarks.exit}`;
    const missing = missingPrint(remarks.prints, said);
    if (missing !== undefined) complaint ??= `did not print ${missing}`;
    const error = unexpectedError(remarks.errors, said);
    if (error !== undefined) complaint ??= `was answered with ${error}`;
    this.ran++;
    if (complaint === undefined) return;
    const { page, line, text } = example;
    this.faults.push(`${page}:${line} ${complaint}:\n${text.trimEnd()}\n---\n${said}`);
  }

  private isHeard(text: string, program: Program): Promise<boolean> {
    const resolved = bucketResolvedIn(text);
    if (resolved !== undefined) return isResolver(this.client, resolved, program);
    return /\bwatch\b|\bsub\b|kv\./.test(text)
      ? isToldOf(this.client, text, program)
      : program.says(/\S/);
  }
}

/** As somebody would: on a busy machine nobody may answer in the time that requests have. */
async function untilDone(start: () => Program): Promise<Program> {
  for (let tries = 1; ; tries++) {
    const program = start();
    const code = await program.ended;
    const mayPass =
      againCodes.has(code) || (code === exitCodes.failed && lateError.test(program.said));
    if (!mayPass || tries === triesMax) return program;
  }
}

interface Example {
  readonly page: string;
  readonly line: number;
  readonly text: string;
  readonly isEndless: boolean;
  readonly remarks: Remarks;
}

/** In a shell that begins where the one of the command before it has ended. */
function scriptOf({ text }: ShellCommand): string {
  const leave = '{ export -p; printf "cd %q\\n" "$PWD"; } > "$STATE"';
  return `. "$STATE"\nset -a\n${text}\nreader_code=$?\n${leave}\nexit $reader_code`;
}
