/** What is done with data beyond plain puts and gets: most show in seeds with a `^`. */
import type { Mutant } from './mutant.js';

export const dataMutants: readonly Mutant[] = [
  {
    name: 'condition-judged-by-what-was-asked-for',
    data: true,
    file: 'src/coordinator/minting.js',
    find: 'this.refusalByCondition(request, local, bucket)',
    replace: 'this.refusalByCondition(request, request.compared ?? local, bucket)',
  },
  {
    name: 'condition-compared-with-one',
    data: true,
    file: 'src/coordinator/comparing.js',
    find: 'quorumFor(onlyIf.r === 0 ? r : onlyIf.r, r, strict)',
    replace: '1',
  },
  {
    name: 'puts-on-a-condition-not-ordered',
    data: true,
    file: 'src/api/put-ordering.js',
    find: 'request.onlyIf !== undefined ||',
    replace: '',
  },
  {
    name: 'create-that-is-done-is-refused-again',
    data: true,
    file: 'src/coordinator/minting.js',
    find: 'if (earlier !== undefined)',
    replace: 'if (earlier !== undefined && given.onlyIf === undefined)',
  },
  {
    name: 'late-create-comes-back',
    test: 'unit/rules/condition',
    file: 'actors/rules/condition.js',
    find: 'sibling.writtenAtMs > (askedMs ?? Infinity)',
    replace: 'false',
  },
];
