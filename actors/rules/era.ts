/**
 * Eras: the configurations of a cluster from its founding, or from a recovery, to the next recovery
 * (`recovery.ts`). An era has numbers of its own, so that whatever those chose who were lost is
 * below whatever comes after it; which era a number is of everybody sees who sees the number.
 *
 * Two recoveries that knew nothing of each other begin two eras of one number. Each has a name, and
 * each configuration says the recoveries it came of: so the two are told apart.
 */
import type { Configuration } from './configuration.js';
import { chainLimits } from './limits/chain.js';
import type { ConfigurationNumber } from './said-configuration.js';

/** Of the recovery that began an era; 32 bits, unsigned. */
export type RecoveryName = number;

/** Of the first era, which no recovery began. */
export const founded: RecoveryName = 0;

/** 0: the first one. */
export function eraOf(number: ConfigurationNumber): number {
  return Math.floor(number / chainLimits.numbersOfEra);
}

export function firstNumberOf(era: number): ConfigurationNumber {
  return era * chainLimits.numbersOfEra;
}

export function lastRecoveryOf({ recoveries }: Pick<Configuration, 'recoveries'>): RecoveryName {
  return recoveries.at(-1)?.name ?? founded;
}

/** Of what somebody says of the configuration it knows. */
export interface SaidEra {
  readonly number: ConfigurationNumber;
  readonly recovery: RecoveryName;
}

/**
 * Whether no configuration that follows the one can follow what another knows; false as well where
 * the whole of that one has to be seen to tell.
 */
export function hasParted(
  { recoveries }: Pick<Configuration, 'recoveries'>,
  { number, recovery }: SaidEra,
): boolean {
  const era = eraOf(number);
  if (era > recoveries.length) return false;
  return recovery !== lastRecoveryOf({ recoveries: recoveries.slice(0, era) });
}

/** Whether the two came of recoveries that knew nothing of each other. */
export function areForked(
  some: Pick<Configuration, 'recoveries'>,
  other: Pick<Configuration, 'recoveries'>,
): boolean {
  return some.recoveries.some(({ name }, i) => (other.recoveries[i]?.name ?? name) !== name);
}
