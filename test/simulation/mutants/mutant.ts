import type { WorldKind } from '../world-options.js';

export interface Mutant {
  readonly name: string;
  /** Below `dist/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What is wrong with it is that it ends the process or throws; of others that proves nothing. */
  readonly crashes?: true;
  /** The kind of world in which it shows soonest: fresh seeds are of that kind. */
  readonly in?: WorldKind;
  /** It shows in what only seeds with a `+` draw. */
  readonly more?: true;
  /** The same of a `^`. */
  readonly data?: true;
  /**
   * Below `dist/test/`, without `.test.js`: what fails with it where no seed and no scenario does.
   */
  readonly test?: string;
}
