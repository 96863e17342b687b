/**
 * `quorate nats-conf`: the configuration of nats-server, for other prefixes, partition counts,
 * accounts and passwords.
 */
import { Option, type Command } from 'commander';
import { limits } from '../../../actors/rules/limits.js';
import {
  natsConf,
  natsConfDefault,
  type NatsConfApp,
  type NatsConfOptions,
} from '../../bus/nats-conf.js';
import { RealRandom } from '../../seams/real-random.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { portNumber, wholeNumber } from '../parsers.js';

export function addNatsConf(program: Command): void {
  const preset = natsConfDefault;
  program
    .command('nats-conf')
    .summary('print a configuration for nats-server')
    .description(
      'Prints a configuration for nats-server: the accounts of nodes and applications, and the subject mappings by which the server finds the partition of a key.',
    )
    .option('--prefix <word>', 'first token of all subjects', preset.prefix)
    .option(
      '--partitions <count>',
      'as given to the nodes',
      wholeNumber({ min: 1, max: limits.partitionsMax }),
      preset.partitions,
    )
    .option('--host <address>', 'where to listen', preset.host)
    .option('--port <port>', 'where to listen', portNumber, preset.port)
    .option('--store-account <name>', 'account of the nodes', preset.storeAccount)
    .option('--app-account <name>', 'account of applications', preset.appAccount)
    .option('--node-user <name>', 'user of the nodes', preset.nodeUser)
    .addOption(
      new Option('--node-password <text>', 'password of the nodes')
        .env('QUORATE_NODE_PASSWORD')
        .default(preset.nodePassword),
    )
    .option('--app-user <name>', 'user of applications', preset.appUser)
    .addOption(
      new Option(
        '--app-password <text>',
        'password of applications; empty: none is needed, on loopback only',
      )
        .env('QUORATE_APP_PASSWORD')
        .default(preset.appPassword),
    )
    .addOption(
      new Option(
        '--app <name>',
        'an application with a user and an account of its own, and a random password unless told (NAME:PASSWORD); repeatable',
      )
        .argParser(collectApps)
        .default([], 'one account for all'),
    )
    .addHelpText(
      'after',
      `
Examples:
  quorate nats-conf > nats.conf && nats-server -c nats.conf
  QUORATE_NODE_PASSWORD=… QUORATE_APP_PASSWORD=… quorate nats-conf --host 0.0.0.0 > nats.conf
  QUORATE_NODE_PASSWORD=… quorate nats-conf --host 0.0.0.0 --app orders --app billing > nats.conf
  quorate nats-conf --prefix orders --partitions 1024 > nats.conf`,
    )
    .action(
      ({ app, ...options }: Omit<NatsConfOptions, 'apps'> & { app: readonly NatsConfApp[] }) => {
        try {
          process.stdout.write(natsConf({ ...options, apps: app }));
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          throw new CommandError(exitCodes.usage, error.message);
        }
      },
    );
}

const passwordBytes = 18;

function collectApps(text: string, before: readonly NatsConfApp[]): NatsConfApp[] {
  const at = text.indexOf(':');
  const name = at < 0 ? text : text.slice(0, at);
  const password =
    at < 0 ? new RealRandom().bytes(passwordBytes).toString('base64url') : text.slice(at + 1);
  return [...before, { name, password }];
}
