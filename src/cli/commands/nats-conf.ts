/** `quorate nats-conf`: the configuration of nats-server, for other prefixes, partition counts, accounts and passwords. */
import type { Command } from 'commander';
import { partitionsMax } from '../../../actors/rules/key.js';
import { natsConf, natsConfDefault, type NatsConfOptions } from '../../bus/nats-conf.js';
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
      wholeNumber({ min: 1, max: partitionsMax }),
      preset.partitions,
    )
    .option('--host <address>', 'where to listen', preset.host)
    .option('--port <port>', 'where to listen', portNumber, preset.port)
    .option('--store-account <name>', 'account of the nodes', preset.storeAccount)
    .option('--app-account <name>', 'account of applications', preset.appAccount)
    .option('--node-user <name>', 'user of the nodes', preset.nodeUser)
    .option('--node-password <text>', 'password of the nodes', preset.nodePassword)
    .option('--app-user <name>', 'user of applications', preset.appUser)
    .option(
      '--app-password <text>',
      'password of applications; empty: none is needed, on loopback only',
      preset.appPassword,
    )
    .addHelpText(
      'after',
      `
Examples:
  quorate nats-conf > nats.conf && nats-server -c nats.conf
  quorate nats-conf --host 0.0.0.0 --node-password s3cret --app-password pa55 > nats.conf
  quorate nats-conf --prefix orders --partitions 1024 > nats.conf`,
    )
    .action((options: NatsConfOptions) => {
      try {
        process.stdout.write(natsConf(options));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new CommandError(exitCodes.usage, error.message);
      }
    });
}
