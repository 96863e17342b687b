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
  {
    name: 'listing-of-one-node',
    data: true,
    file: 'src/coordinator/list-round.js',
    find: 'getPlan({ placement, quorum, strict }',
    replace: 'getPlan({ placement, quorum: 1, strict }',
  },
  {
    name: 'lists-are-the-same-without-a-look',
    data: true,
    file: 'src/store/key-spans.js',
    find: 'root !== undefined && sameDigest(root, span.root)',
    replace: 'root !== undefined',
  },
  {
    name: 'first-list-decides',
    data: true,
    file: 'actors/rules/listing.js',
    find: 'return isSame && count === lists.length ? shows : undefined',
    replace: 'return shows',
  },
  {
    name: 'listing-goes-on-behind-a-cut-list',
    test: 'unit/coordinator/lister',
    file: 'src/coordinator/page-maker.js',
    find: 'if (list.upTo !== undefined)',
    replace: 'if (false)',
  },
  {
    name: 'root-counts-what-was-lost',
    test: 'unit/store/key-spans',
    file: 'src/store/key-spans.js',
    find: 'root: isFit ? root : undefined',
    replace: 'root',
  },
];
