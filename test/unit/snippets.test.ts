import { describe, expect, test } from '@jest/globals';
import { blocksOf } from '../support/snippets/blocks.js';
import { keysToPut } from '../support/snippets/bystander.js';
import {
  missingPrint,
  programComments,
  remarksOf,
  unexpectedError,
} from '../support/snippets/remarks.js';
import { commentOf, shellCommandsOf } from '../support/snippets/shell-commands.js';

const fence = '```';

test('blocks of a page: language, words, line, without what indents them', () => {
  const page = [
    '# Title',
    `${fence}sh not-run`,
    'one',
    fence,
    `- a\n\n  ${fence}ts`,
    '  if (a)',
    '    b();',
    `  ${fence}`,
    fence,
    'bare',
    fence,
  ].join('\n');
  expect(blocksOf('a page', page)).toEqual([
    { page: 'a page', line: 3, language: 'sh', words: new Set(['not-run']), text: 'one\n' },
    { page: 'a page', line: 8, language: 'ts', words: new Set(), text: 'if (a)\n  b();\n' },
    { page: 'a page', line: 12, language: '', words: new Set(), text: 'bare\n' },
  ]);
});

describe('remarks', () => {
  test('how it ends, which errors it is answered with, what it prints', () => {
    expect(remarksOf([' exits 3: 409', '→ one … two ', 'prose → not that'])).toEqual({
      exit: 3,
      errors: ['409'],
      prints: ['one … two'],
    });
    expect(remarksOf(['refused, with exit code 5']).exit).toBe(5);
    expect(remarksOf(['ends with 3 nodes, exit or not'])).toEqual({
      exit: 0,
      errors: [],
      prints: [],
    });
  });

  test('prints are looked for in their order, and letter by letter', () => {
    const said = '{"keys":["alice","bob"],"cursor":"1.2"}\n404\n';
    expect(missingPrint(['{"keys":["alice",…],"cursor":"…"}', '404'], said)).toBeUndefined();
    expect(missingPrint(['404', '{"keys"'], said)).toBe('{"keys"');
    expect(missingPrint(['"1.2"', '404', '404'], said)).toBe('404');
    expect(missingPrint(['"1+2"'], said)).toBe('"1+2"');
    expect(missingPrint(['.*'], said)).toBe('.*');
  });

  test('an error in a reply is expected where a comment names it', () => {
    const said = 'Nats-Service-Error-Code: 409\n';
    expect(unexpectedError(['409'], said)).toBeUndefined();
    expect(unexpectedError(['404'], said)).toBe('409');
    expect(unexpectedError([], 'Kv-Context: 404')).toBeUndefined();
  });

  test('comments of programs, behind code and alone', () => {
    const text = "// → 1\nconsole.log('nats://x'); // → 2\nx(); // → a // b";
    expect(programComments(text, '//')).toEqual(['→ 1', '→ 2', '→ a // b']);
    expect(programComments('print("#1")   # → 1\n    # → 2', '#')).toEqual(['→ 1', '→ 2']);
  });
});

async function isEndless(text: string): Promise<boolean> {
  return (await shellCommandsOf(text))[0]!.isEndless;
}

describe('commands of the shell', () => {
  test('one a line, without empty ones; what goes on is held together', async () => {
    const block = [
      '# all of it',
      'quorate put a b c   # exits 3',
      '',
      'quorate get a \\',
      "  'b # c'            # → value",
      'for i in 1 2; do',
      '  echo $i',
      'done',
      'cat <<END',
      '# text',
      'END',
      'last',
    ].join('\n');
    const commands = await shellCommandsOf(block);
    expect(commands.map(({ at }) => at)).toEqual([1, 3, 5, 8, 11]);
    expect(commands[1]).toMatchObject({ remarks: { prints: ['value'] } });
    expect(commands[0]!.remarks.exit).toBe(3);
    expect(commands[2]!.text).toBe('for i in 1 2; do\n  echo $i\ndone');
    await expect(shellCommandsOf('if true; then\n  echo')).rejects.toThrow('no end of a command');
  });

  test('a comment begins behind a blank and outside of quotes', () => {
    expect(commentOf('a b # c # d')).toBe('c # d');
    expect(commentOf(`a '# b' "# \\" # c" \\# d#e`)).toBeUndefined();
    expect(commentOf(`a '# b' # c`)).toBe('c');
    expect(commentOf('# all')).toBe('all');
  });

  test('which call nats', async () => {
    const block = 'nats req a b\nN=$(nats req a)\nquorate put a b "nats req"\nquorate nats-conf';
    const needs = (await shellCommandsOf(block)).map(({ needsNats }) => needsNats);
    expect(needs).toEqual([true, true, false, false]);
  });

  test('which go on until somebody ends them', async () => {
    expect(await isEndless("nats sub 'kv.changed.a.>'")).toBe(true);
    expect(await isEndless("nats sub 'kv.changed.a.>' --count=1")).toBe(false);
    expect(await isEndless('npx quorate watch a')).toBe(true);
    expect(await isEndless('quorate watch a --until-marker')).toBe(false);
    expect(await isEndless('quorate get watch a')).toBe(false);
    expect(await isEndless("nats req kv.watch.a '{}' --replies 0")).toBe(true);
  });
});

test('what somebody puts while an example watches is what it watches', () => {
  expect(keysToPut("quorate watch carts 'alice.>'")).toEqual([
    ['carts', 'heard'],
    ['carts', 'alice.heard'],
  ]);
  expect(keysToPut('nats req kv.watch.a-b {}')).toEqual([['a-b', 'heard']]);
  expect(keysToPut("client.bucket('a').watch(); client.bucket('b', {})")).toEqual([
    ['a', 'heard'],
    ['b', 'heard'],
  ]);
});
