/** `quorate inspect`: makes a running node show its statecharts, or stop doing so. */
import { Argument, type Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { UnavailableError } from '../../errors.js';
import type { Bus } from '../../seams/bus.js';
import type { Clock } from '../../seams/clock.js';
import { RealClock } from '../../seams/real-clock.js';
import { nodeSubject } from '../../wire/subjects.js';
import { askRing, idOf } from '../cluster-status.js';
import {
  addNodeConnectionOptions,
  nodeConnection,
  nodePasswordAdvice,
  withBus,
  type NodeConnection,
} from '../connection.js';
import { printLine } from '../output.js';
import { portNumber } from '../parsers.js';

interface InspectOptions extends NodeConnection {
  readonly prefix: string;
  readonly port?: number;
  readonly dataDir: string;
}

export function addInspect(program: Command): void {
  const command = program
    .command('inspect <node>')
    .summary("show a running node's statecharts")
    .description(
      "Makes a running node show its statecharts to Stately's inspector, on a port of its own machine's loopback. Prints the address to open.",
    )
    .addArgument(new Argument('[state]', 'switch it').choices(['on', 'off']).default('on'))
    .option('--port <port>', 'where the node shall listen', portNumber)
    .option('--data-dir <directory>', 'of quorate up, with the password of its nodes', 'data')
    .option('--prefix <word>', 'first token of all subjects', 'kv');
  addNodeConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate inspect n1
  quorate inspect n1 off`,
    )
    .action(async (node: string, state: 'on' | 'off', options: InspectOptions) => {
      const clock = new RealClock();
      const answer = await withBus(
        nodeConnection(options, options.dataDir),
        async (bus) => {
          const ring = await askRing({
            bus,
            clock,
            prefix: options.prefix,
            waitMs: commandLimits.answerMsMax,
          });
          const id = idOf(node, ring);
          const words = state === 'on' && options.port !== undefined ? `on ${options.port}` : state;
          return tell({ bus, clock, subject: nodeSubject(options.prefix, id, 'inspect'), words });
        },
        nodePasswordAdvice,
      );
      if (answer === undefined) throw new UnavailableError(`${node} does not answer`);
      printLine(answer);
    });
}

function tell(message: {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subject: string;
  readonly words: string;
}): Promise<string | undefined> {
  const { bus, clock, subject, words } = message;
  return new Promise((resolve) => {
    const reply = bus.inbox();
    const finish = (answer: string | undefined): void => {
      clock.clearTimeout(timer);
      subscription.unsubscribe();
      resolve(answer);
    };
    const subscription = bus.subscribe(reply, ({ noResponders, data }) =>
      finish(noResponders ? undefined : Buffer.from(data).toString('utf8')),
    );
    const timer = clock.setTimeout(() => finish(undefined), commandLimits.answerMsMax);
    bus.publish(subject, Buffer.from(words), { reply });
  });
}
