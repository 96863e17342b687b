/** `put --trace`, `get --trace`: what became of the request, told by all nodes. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { QuorateClient } from '../../client/client.js';
import type { RequestTrace } from '../../client/request-trace.js';
import { traceFileText } from '../../insight/note-writer.js';
import { formatVersion, type Note, type TracedNode, type TraceId } from '../../insight/notes.js';
import type { Bus } from '../../seams/bus.js';
import { RealClock } from '../../seams/real-clock.js';
import { askWholeRing } from '../cluster-status.js';
import { nodeConnection, nodePasswordAdvice, nodeVariables, withBus } from '../connection.js';
import { identityIn } from '../identity.js';
import { withClient, type DataOptions } from '../data-options.js';
import { CommandError, exitCodes } from '../exit-codes.js';
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
    .option('--trace-file <path>', 'as --trace, and written to a file, for the dashboard')
    .option(
      '--data-dir <directory>',
      'with --trace: of quorate up, with the password of its nodes',
      'data',
    );
}

/**
 * As `withClient`; with `--trace` it says how the request went, also when it failed. Throws
 * `CommandError` before it asks anything where the trace can't be written.
 */
export async function withGlass<T>(
  options: TraceOptions,
  use: (client: QuorateClient, trace: RequestTrace | undefined) => Promise<T>,
): Promise<T> {
  const { traceFile } = options;
  if (options.trace !== true && traceFile === undefined)
    return withClient(options, (client) => use(client, undefined));
  if (traceFile !== undefined) checkWritable(traceFile);
  let trace: RequestTrace | undefined;
  try {
    return await withClient(options, (client) => {
      trace = client.trace();
      return use(client, trace);
    });
  } finally {
    // Without a note nothing was asked: what was wrong is said.
    if (trace !== undefined && trace.notes.length > 0) await tell(trace, options);
  }
}

/** Nothing that lies there is lost before there is something to write. */
function checkWritable(path: string): void {
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    throw new CommandError(exitCodes.usage, `--trace-file: ${(error as Error).message}`);
  }
}

/** The request itself has gone as it has: what fails here is said, and no more. */
async function tell(trace: RequestTrace, options: TraceOptions): Promise<void> {
  const { nodes, notes: noted, why } = await askNodes(trace.id, options);
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const notes: Note[] = [...trace.notes, ...noted];
  say(`trace ${trace.id}`);
  say(traceText(notes, (id) => names.get(id) ?? id));
  if (noted.length === 0) say(`no node tells of it: ${why}`);
  if (options.traceFile === undefined) return;
  try {
    writeFileSync(options.traceFile, fileText(nodes, notes));
  } catch (error) {
    say(`--trace-file: ${(error as Error).message}`);
  }
}

interface ToldByNodes {
  readonly nodes: readonly TracedNode[];
  readonly notes: readonly Note[];
  /** Why there are none, where there are none. */
  readonly why: string;
}

/** They tell who has their password, whoever the request came from. */
async function askNodes(id: TraceId, options: TraceOptions): Promise<ToldByNodes> {
  const { prefix, servers, dataDir } = options;
  const own = { servers, ...identityIn(process.env, nodeVariables) };
  const waitMs = commandLimits.answerMsMax;
  const ask = async (bus: Bus): Promise<ToldByNodes> => {
    const question = { bus, clock: new RealClock(), prefix, waitMs };
    const { nodes } = await askWholeRing(question);
    const ids = nodes.map((node) => node.id);
    return { nodes, notes: await gatherTrace(question, ids, id), why: nodePasswordAdvice };
  };
  try {
    return await withBus(nodeConnection(own, dataDir), ask, nodePasswordAdvice);
  } catch (error) {
    return { nodes: [], notes: [], why: (error as Error).message };
  }
}

function fileText(nodes: readonly TracedNode[], notes: readonly Note[]): string {
  const from = nodes.map(({ id, name, host, zone }) => ({ id, name, host, zone }));
  const startedMs = Math.floor(Math.min(...notes.map(({ atUs }) => atUs)) / 1000);
  return traceFileText({ quorateTrace: formatVersion, nodes: from, startedMs }, notes);
}
