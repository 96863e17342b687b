/** Who is asked types one word, or it does not happen. */
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { confirm } from '../../../src/cli/confirm.js';
import { CommandError } from '../../../src/cli/exit-codes.js';

const confirmation = {
  shown: 'the price',
  question: 'Type n3: ',
  word: 'n3',
  declined: 'n3 stays',
};

/** `undefined`: the input ends. */
function answered(text: string | undefined): Promise<void> {
  const input = new PassThrough();
  const asked = confirm(confirmation, { input, output: new PassThrough() });
  if (text === undefined) input.end();
  else input.write(text);
  return asked;
}

test('asked no more', async () => {
  const ending = new AbortController();
  const terminal = { input: new PassThrough(), output: new PassThrough() };
  const asked = confirm({ ...confirmation, signal: ending.signal }, terminal);
  ending.abort();
  await expect(asked).rejects.toThrow('n3 stays');
});

test('the word itself, and nothing else', async () => {
  await answered('n3\n');
  await answered(' n3 \n');
  for (const text of ['\n', 'yes\n', 'n33\n', undefined]) {
    const declined = answered(text);
    await expect(declined).rejects.toThrow(CommandError);
    await expect(declined).rejects.toThrow('n3 stays');
  }
});
