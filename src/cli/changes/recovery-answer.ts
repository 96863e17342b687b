/**
 * What a node answers of a recovery (`src/wire/recovery-form.ts`), read where it is to be shown:
 * all of it is checked, since it comes from another process.
 */
import { MalformedError } from '../../errors.js';
import type { LossForm, RecoveryForm } from '../../wire/recovery-form.js';
import { array, namesFrom, natural, nodeId, record } from './change-answers.js';

/** Throws `MalformedError`. */
export function recoveryFrom(document: unknown): RecoveryForm {
  const recovery = record(record(document, 'answer')['recovery'], 'recovery');
  const { from, number, partitions, survivors, lost, losses, names } = recovery;
  return {
    from: natural(from, 'number of a configuration'),
    number: natural(number, 'number of a configuration'),
    partitions: natural(partitions, 'partitions'),
    survivors: array(survivors, 'survivors').map(nodeId),
    lost: array(lost, 'lost').map(nodeId),
    isBegun: flag(recovery['isBegun']),
    endsMove: flag(recovery['endsMove']),
    losses: array(losses, 'losses').map(lossFrom),
    names: namesFrom(names),
  };
}

function flag(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new MalformedError('recovery is neither so nor otherwise');
  return value;
}

function lossFrom(document: unknown): LossForm {
  const { n, w, gone, omitted, exposed } = record(document, 'loss');
  return {
    n: natural(n, 'n'),
    w: natural(w, 'w'),
    gone: array(gone, 'gone').map((partition) => natural(partition, 'partition')),
    omitted: natural(omitted, 'omitted'),
    exposed: natural(exposed, 'exposed'),
  };
}
