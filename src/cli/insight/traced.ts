/** `put --trace`, `get --trace`: what became of the request, told by all nodes. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { QuorateClient } from '../../client/client.js';
import type { RequestTrace } from '../../client/request-trace.js';
import { traceFileText } from '../../insight/note-writer.js';
import { formatVersion, type Note, type TracedNode } from '../../insight/notes.js';
import { RealClock } from '../../seams/real-clock.js';
import { askRing } from '../cluster-status.js';
import { nodeConnection, nodePasswordAdvice, withBus } from '../connection.js';
import { withClient, type DataOptions } from '../data-options.js';
import { say } from '../output.js';
import { gatherTrace } from './insight-question.js';
import { traceText } from './trace-text.js';

export interface TraceOptions extends DataOptions {
  readonly trace?: true;
  readonly traceFile?: string;
  readonly dataDir: string;
}

export function addTraceOptions(command: Command): Command {
  return command
    .option('--trace', 'say what became of the request, as all nodes tell it')
    .option('--trace-file <path>', 'with --trace: a file of it, for the dashboard')
    .option(
      '--data-dir <directory>',
      'with --trace: of quorate up, with the password of its nodes',
      'data',
    );
}

/** As `withClient`; with `--trace` it says how the request went, also when it failed. */
export async function withGlass<T>(
  options: TraceOptions,
  use: (client: QuorateClient, trace: RequestTrace | undefined) => Promise<T>,
): Promise<T> {
  if (options.trace !== true) return withClient(options, (client) => use(client, undefined));
  let trace: RequestTrace | undefined;
  try {
    return await withClient(options, (client) => {
      trace = client.trace();
      return use(client, trace);
    });
  } finally {
    if (trace !== undefined) await tell(trace, options);
  }
}

async function tell(trace: RequestTrace, options: TraceOptions): Promise<void> {
  const { prefix, servers, dataDir } = options;
  // The nodes tell who has their password, whoever the request came from.
  const { QUORATE_NODE_USER: user, QUORATE_NODE_PASSWORD: password } = process.env;
  const own = { servers, ...(user && { user }), ...(password && { password }) };
  const waitMs = commandLimits.answerMsMax;
  const connection = nodeConnection(own, dataDir);
  try {
    await withBus(
      connection,
      async (bus) => {
        const question = { bus, clock: new RealClock(), prefix, waitMs };
        const ring = await askRing(question);
        const names = new Map(ring?.nodes.map(({ id, name }) => [id, name]));
        const noted = await gatherTrace(question, [...names.keys()], trace.id);
        const notes: Note[] = [...trace.notes, ...noted];
        const { traceFile } = options;
        if (traceFile !== undefined) writeFileSync(traceFile, fileText(ring?.nodes ?? [], notes));
        say(`trace ${trace.id}`);
        say(traceText(notes, (id) => names.get(id) ?? id));
        if (noted.length === 0) say(`no node tells of it: ${nodePasswordAdvice}`);
      },
      nodePasswordAdvice,
    );
  } catch (error) {
    // The request itself has gone as it has.
    say(`the nodes don't tell of trace ${trace.id}: ${(error as Error).message}`);
  }
}

function fileText(nodes: readonly TracedNode[], notes: readonly Note[]): string {
  const from = nodes.map(({ id, name, host, zone }) => ({ id, name, host, zone }));
  const startedMs = Math.floor(Math.min(...notes.map(({ atUs }) => atUs)) / 1000);
  return traceFileText({ quorateTrace: formatVersion, nodes: from, startedMs }, notes);
}
