/** `quorate node`: one node in this process, until it is told to stop. */
import { Option, type Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import type { TimerId } from '../../seams/clock.js';
import { withNativeParts } from '../../node/native-parts.js';
import type { RunningNode } from '../../node/start-node.js';
import type { Journal } from '../../seams/journal.js';
import { RealClock } from '../../seams/real-clock.js';
import { isRefusal, noConnection } from '../../client/no-connection.js';
import { PayloadBoundError } from '../../bus/nats-link.js';
import { startDashboard } from '../dashboard-process.js';
import { RemovedError } from '../../membership/departure.js';
import { CommandError, type ExitCode, exitCodes } from '../exit-codes.js';
import {
  addNodeArguments,
  connectionOf,
  optionsOf,
  type NodeArguments,
} from '../node-arguments.js';
import { isSaidByUp } from '../log/journal-text.js';
import { openNodeLog } from '../log/node-log.js';
import { startedEvent } from '../log/started-event.js';
import { printJson, printLine } from '../output.js';
import { natsOptions } from '../identity.js';
import { quietLmdb } from '../quiet-lmdb.js';
import { listenForStop } from '../stop-signals.js';
import type { NodeMessage, NodeOrder } from '../up/node-process.js';
import type { WatchedPort } from '../telemetry/watched-port.js';
import { tuneV8 } from '../v8-settings.js';

export function addNode(program: Command): void {
  const command = program
    .command('node')
    .summary('run one node')
    .description(
      'Runs one node in this process. Nodes find each other through NATS; a new cluster is founded when as many as --founders have met.',
    );
  addNodeArguments(command);
  command
    .option('--json', 'say that it serves, and that it has left, as one JSON object each')
    .addOption(new Option('--supervised', 'started by quorate up').hideHelp())
    .addHelpText(
      'after',
      `
Examples:
  quorate node --name n1 --data-dir /var/lib/quorate --servers nats://nats-1:4222,nats://nats-2:4222
  quorate node --name n2 --replaces n2    (the disk of n2 is lost, and this is an empty one)
  quorate node --metrics 9464; quorate node --metrics 0.0.0.0:9464
  quorate node --bucket 'sessions n=3 r=1 w=1 conflict=last-writer-wins ttl=30m' --bucket 'orders w=3'

On standard error it says what an operator must know: a JSON object a line, on a terminal sentences (--log-level).

Name, host, zone and weight are those with which it comes to its cluster. Told others later it keeps them, and says
with which command an operator changes them.

With --metrics it answers GET /metrics (for Prometheus), /health (200: the process lives) and /ready (200: it takes
requests, else 503), without a password: on this machine alone unless a host is named.

SIGTERM or Ctrl-C: takes no more requests, finishes those it has, writes everything, exits with 0.
So it does by itself once it has left its cluster. One that was removed exits with 7. Under systemd, so that
neither is started again: Restart=on-failure, RestartPreventExitStatus=2 7.`,
    )
    .action(runNode);
}

async function runNode(given: NodeArguments): Promise<void> {
  tuneV8();
  quietLmdb();
  const clock = new RealClock();
  const watched = await watchedPort(given, clock);
  const log = await logOf(given, clock);
  log.tell(startedEvent(given));
  const node = await start(given, log);
  watched?.show(node);
  let deadline: TimerId;
  // What hangs is killed: by `up`, systemd or Docker, and without any of them by this.
  const expectEnd = (): void => {
    clock.clearTimeout(deadline);
    deadline = clock.setTimeout(() => giveUp(exitCodes.failed), commandLimits.processStopMsMax);
  };
  node.onLeft(() => {
    announce(given, { event: 'left', name: given.name, id: node.id, pid: process.pid });
    expectEnd();
  });
  const onStop = (): void => {
    expectEnd();
    void node.stop();
  };
  if (given.supervised === true) listenForOrders(node);
  showDashboard(given);
  listenForStop({
    clock,
    supervised: given.supervised === true,
    onStop,
    onForce: () => giveUp(exitCodes.failed),
  });
  node.serving.then(
    () => announce(given, { event: 'serving', name: given.name, id: node.id, pid: process.pid }),
    // `stopped` tells why.
    () => undefined,
  );
  await node.stopped.catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    log.tell({ event: 'node.failed', error: message });
    // The node has given up; what it left open must not keep the process.
    giveUp(endCodeOf(error));
  });
  clock.clearTimeout(deadline);
}

/** Before the node: whoever restarts what says nothing for long must see that this one lives. */
async function watchedPort(
  { metrics }: NodeArguments,
  clock: RealClock,
): Promise<WatchedPort | undefined> {
  if (metrics === undefined) return undefined;
  const { openWatchedPort } = await import('../telemetry/watched-port.js');
  return openWatchedPort(metrics, clock);
}

/** What `up` passes on is for whoever sits before it. */
function logOf(
  { name, logLevel: level, supervised }: NodeArguments,
  clock: RealClock,
): Promise<Journal> {
  if (supervised === true)
    return openNodeLog({ name, level, form: 'text', isSaid: isSaidByUp }, clock);
  return openNodeLog({ name, level, form: process.stderr.isTTY ? 'text' : 'json' }, clock);
}

function showDashboard(given: NodeArguments): void {
  const { inspect, prefix, json } = given;
  if (inspect === undefined) return;
  startDashboard({
    port: inspect === true ? undefined : inspect,
    connection: connectionOf(given),
    prefix,
    json: json === true,
  });
}

/** Of `quorate up`, whose user may want to see what becomes of a node that is cut off. */
function listenForOrders(node: RunningNode): void {
  process.on('message', ({ order }: Partial<NodeOrder>) => {
    if (order === 'disconnect') node.link.cut();
    if (order === 'connect') node.link.mend();
  });
}

function endCodeOf(error: unknown): ExitCode {
  if (error instanceof RemovedError) return exitCodes.removed;
  return error instanceof RangeError ? exitCodes.usage : exitCodes.failed;
}

/**
 * A server that is there and says nothing is waited for: it stands still, and so would whoever
 * starts this node again.
 */
async function start(given: NodeArguments, log: Journal): Promise<RunningNode> {
  const { startNode } = await withNativeParts(() => import('../../node/start-node.js'));
  const options = optionsOf(given);
  const connection = natsOptions(connectionOf(given));
  for (let tries = 1; ; tries++) {
    try {
      return await startNode(options, connection, log);
    } catch (error) {
      // Whom this node belongs to may be gone meanwhile.
      const mayWait = given.supervised !== true || process.connected;
      if (!isSilence(error) || !mayWait) throw startError(error, given);
      const text = 'the NATS server does not answer; waiting for it';
      if (tries === 1) log.tell({ event: 'problem', text });
    }
  }
}

function isSilence(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'NatsError' &&
    'code' in error &&
    error.code === 'TIMEOUT'
  );
}

function startError(error: unknown, given: NodeArguments): unknown {
  const told = toldOf(error, given);
  const isForGood = isRefusal(error) || error instanceof PayloadBoundError;
  // Who sits before `up` is told so, in place of a node that is started again and again. Elsewhere
  // the server may be set right meanwhile.
  if (given.supervised !== true || !isForGood) return told;
  return new CommandError(exitCodes.usage, (told as Error).message);
}

function toldOf(error: unknown, { servers }: NodeArguments): unknown {
  if (error instanceof RangeError) return new CommandError(exitCodes.usage, error.message);
  if (error instanceof Error && error.name === 'NatsError')
    return noConnection(servers, error, {
      server: 'start nats-server, or say where it is with --servers or NATS_URL',
      password:
        'who the nodes are: QUORATE_NODE_USER and QUORATE_NODE_PASSWORD, --creds, --nkey, --token-file, --tlscert or --nats-context',
    });
  return error;
}

function announce(given: NodeArguments, message: NodeMessage): void {
  const { event, name, id, pid } = message;
  if (given.supervised) process.send?.(message);
  else if (given.json === true) return printJson(message);
  if (event === 'left') {
    // `up` puts the name before it.
    const who = given.supervised ? '' : `quorate: ${name} `;
    printLine(
      `${who}has left its cluster: the others hold all that it held, and its data directory can go`,
    );
  } else if (!given.supervised) printLine(`quorate: ${name} serves · id ${id} · pid ${pid}`);
}

function giveUp(code: number): void {
  process.exit(code);
}
