/** What runs the examples of the pages, on a page that is made up: it finds what is wrong. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { blocksOf } from '../support/snippets/blocks.js';
import { compileModules, type Modules } from '../support/snippets/modules.js';
import { runPage, type Outcome } from '../support/snippets/page-run.js';
import { Reader } from '../support/snippets/reader.js';

const page = `
~~~sh
export NAME=value && cd /
echo "$NAME in $PWD"                       # → value in /
quorate put letters one 'Dear one'
npx quorate get letters one                # → Dear …
quorate get letters absent                 # exits 4
quorate watch letters
echo one                                   # → two
quorate get letters absent
(exit 6)                                   # exits 5
quorate watch letters --servers nats://127.0.0.1:1
nats req kv.get.letters.one ''
echo 'Nats-Service-Error-Code: 409'        # a reply of nats: 409
echo 'Nats-Service-Error-Code: 404'
~~~

~~~ts
import { connect, text } from 'quorate';

const client = await connect();
const letters = client.bucket('letters', { codec: text });
console.log((await letters.get('one'))?.value); // → Dear one
await client.close();
~~~

~~~ts endless
import { connect, text } from 'quorate';

const client = await connect({ servers: 'nats://127.0.0.1:4222' });
for await (const change of client.bucket('letters', { codec: text }).watch())
  console.log(change.key);
~~~

~~~ts
const one: string = 1;
process.exitCode = one;
~~~

~~~python
print("not here")
~~~
`;

const blocks = blocksOf('made-up', page.replaceAll('~~~', '```'));
let reader: Reader;
let modules: Modules;
let outcome: Outcome;

beforeAll(async () => {
  reader = new Reader();
  modules = compileModules(
    reader.project,
    blocks.filter(({ language }) => language === 'ts'),
  );
  outcome = await runPage(blocks, { reader, modules, hasNats: false, hasPython: false });
});

afterAll(() => reader.end());

test('TypeScript that is wrong is named by page and line', () => {
  expect(modules.complaints).toEqual([
    expect.stringMatching(/made-up-36\.ts\(36,7\): error TS2322/),
  ]);
});

test('examples that do another thing than the page says are found, and no others', () => {
  const faults = outcome.faults.map((fault) => fault.split('\n').slice(0, 2).join(' '));
  expect(faults).toEqual([
    expect.stringMatching(/^made-up:9 did not print two: echo one/),
    expect.stringMatching(/^made-up:10 ended with 4, not 0: quorate get letters absent$/),
    expect.stringMatching(/^made-up:11 ended with 6, not 5: \(exit 6\)/),
    expect.stringMatching(/^made-up:12 did not do what goes on for others: quorate watch/),
    expect.stringMatching(/^made-up:15 was answered with 404: echo/),
    expect.stringMatching(/^made-up:36 ended with 1, not 0: const one/),
  ]);
  expect([outcome.ran, outcome.skipped]).toEqual([15, 2]);
});
