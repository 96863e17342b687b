/** What commands have in common that change the cluster: where it is, with the nodes' password. */
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { RealClock } from '../../seams/real-clock.js';
import type { ClusterQuestion } from '../cluster-status.js';
import {
  addNodeConnectionOptions,
  nodeConnection,
  nodePasswordAdvice,
  withBus,
  type NodeConnection,
} from '../connection.js';

export interface OperatorOptions extends NodeConnection {
  readonly prefix: string;
  readonly dataDir: string;
  readonly json?: true;
}

export function addOperatorOptions(command: Command): Command {
  command
    .option('--data-dir <directory>', 'of quorate up, with the password of its nodes', 'data')
    .option('--prefix <word>', 'first token of all subjects', 'kv');
  return addNodeConnectionOptions(command);
}

export function withCluster<T>(
  options: OperatorOptions,
  use: (question: ClusterQuestion) => Promise<T>,
): Promise<T> {
  const { prefix, dataDir } = options;
  const waitMs = commandLimits.answerMsMax;
  return withBus(
    nodeConnection(options, dataDir),
    (bus) => use({ bus, clock: new RealClock(), prefix, waitMs }),
    nodePasswordAdvice,
  );
}
