import { describe, expect, test } from '@jest/globals';
import { commentViolations } from '../support/comment-rules.js';
import { readSources, repositoryRoot } from '../support/source-files.js';

const long = 'word '.repeat(20).trim();

test('comments: all end at 100 columns', () => {
  expect(commentViolations(readSources(repositoryRoot()))).toEqual([]);
});

describe('comments: those that are too long are found', () => {
  test.each([
    ['a line', `// ${long}`],
    ['a line of a block', `/**\n * ${long}\n */`],
    ['a block of one line', `  /** ${long} */`],
    ['the first of a block', `/** ${long}\n * more */`],
    ['behind code', `const a = b; // ${long}`],
    ['behind a string', `const a = 'b'; // ${long}`],
  ])('%s', (_, text) => {
    expect(commentViolations(new Map([['src/a.ts', text]]))).toHaveLength(1);
  });

  test.each([
    ['one of 100 columns', `// ${long.slice(0, 97)}`],
    ['one word', `// https://${'a'.repeat(120)}`],
    ['a word to the linter', `// oxlint-disable-next-line no-shadow -- ${long}`],
    ['code', `const a = b + ${'c + '.repeat(30)}d;`],
    ['a string', `const a = '// ${long}';`],
    ['a template', `const a = \`\n// ${long}\n\`;`],
  ])('and not %s', (_, text) => {
    expect(commentViolations(new Map([['src/a.ts', text]]))).toEqual([]);
  });
});
