import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

test('this V8 knows every setting of a node: it complains of none', () => {
  const module = new URL('../../src/cli/v8-settings.js', import.meta.url).href;
  const program = `import { tuneV8 } from ${JSON.stringify(module)}; tuneV8(); console.log('tuned');`;
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  expect(run).toMatchObject({ status: 0, stdout: 'tuned\n', stderr: '' });
});
