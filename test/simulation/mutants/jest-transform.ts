/** For `jest --transform`: tests meet the product with the mutant of QUORATE_MUTANT. */
import { isOf, mutantOf, mutated } from './mutants.js';

const mutant = mutantOf(process.env['QUORATE_MUTANT'] ?? '');

export default {
  process: (source: string, path: string) => ({
    code: isOf(mutant, path) ? mutated(mutant, source) : source,
  }),
  getCacheKey: (source: string, path: string) => `${mutant.name} ${path} ${source}`,
};
