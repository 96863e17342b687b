import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { limits } from '../../../actors/rules/limits.js';
import { partLimits } from '../../../actors/rules/limits/parts.js';
import { decode } from '../../../src/wire/message-pack.js';
import { uploadOf, uploadText } from '../../../src/wire/part-names.js';
import { startApiNode } from '../../support/api-node.js';
import { MemoryNetwork } from '../../support/memory-bus.js';

const id = 'a'.repeat(16);
const wallMs = 1_700_000_000_000;

type HeadersSent = Readonly<Record<string, string>>;

interface Answer {
  readonly data: Buffer;
  header(name: string): string | undefined;
}

let network: MemoryNetwork;
let asked = 0;
let random = 0;

beforeEach(() => {
  network = new MemoryNetwork();
  const clock = { ...network.clock(() => 0), wallMs: () => wallMs };
  const defaults = { n: 1, r: 1, w: 1, conflict: 'siblings', ttlMs: 0 } as const;
  const rest = { durability: undefined, events: 'on', resolve: 'client' } as const;
  startApiNode({
    id,
    nodes: [id],
    bus: network.connect(),
    clock,
    random: { below: () => 0, bytes: (count) => Buffer.alloc(count, ++random) },
    world: new Map(),
    options: {
      partitions: 4,
      changeEvents: false,
      defaults: { ...defaults, ...rest, valueBytesMax: 5e9 },
      buckets: { small: { valueBytesMax: 100 } },
    },
  });
});

function ask(
  verb: 'put' | 'get' | 'del',
  headers: HeadersSent = {},
  data: Uint8Array = Buffer.alloc(0),
  name = 'media.film.mkv',
): Answer {
  const client = network.connect();
  const reply = `_INBOX.x.${++asked}`;
  const answers: Answer[] = [];
  client.subscribe(reply, (message) => {
    const copied = Buffer.from(message.data);
    const told = new Map<string, string | undefined>();
    for (const [header] of Object.entries(names)) told.set(header, message.header(header));
    answers.push({ data: copied, header: (header) => told.get(header) });
  });
  client.publish(`kv.${verb}.${name}`, data, { reply, headers });
  network.settle();
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

const names = {
  'Kv-Upload': 1,
  'Kv-Part-Size': 1,
  'Kv-Size': 1,
  'Kv-Digest': 1,
  'Kv-Content-Range': 1,
  'Kv-Siblings': 1,
  'Kv-Context': 1,
  'Nats-Service-Error-Code': 1,
  'Nats-Service-Error': 1,
  'Kv-Outcome': 1,
};

function codeOf(answer: Answer): string | undefined {
  return answer.header('Nats-Service-Error-Code');
}

function begin(): string {
  return ask('put', { 'Kv-Upload': 'begin' }).header('Kv-Upload')!;
}

function putPart(upload: string, index: number, data: Uint8Array): Answer {
  return ask('put', { 'Kv-Upload': upload, 'Kv-Part': String(index) }, data);
}

const whole = Buffer.from(Array.from({ length: 1_000 }, (_, i) => (i * 7) % 251));
const digest = `SHA-256=${createHash('sha256').update(whole).digest('base64url')}=`;

/** In parts of 300 bytes. */
function uploaded(headers: HeadersSent = {}): Answer {
  const upload = begin();
  for (let i = 0; i < 4; i++) putPart(upload, i, whole.subarray(i * 300, (i + 1) * 300));
  return ask('put', { 'Kv-Upload': upload, 'Kv-Commit': '4', ...headers });
}

describe('big values of plain clients', () => {
  test('come in parts, in any order, and show once they are committed', () => {
    const upload = begin();
    for (const i of [3, 0, 2, 1])
      expect(codeOf(putPart(upload, i, whole.subarray(i * 300, (i + 1) * 300)))).toBeUndefined();
    expect(codeOf(ask('get'))).toBe('404');
    const size = String(whole.length);
    const headers = { 'Kv-Commit': '4', 'Kv-Size': size, 'Kv-Digest': digest };
    const done = ask('put', { 'Kv-Upload': upload, ...headers });
    expect(codeOf(done)).toBeUndefined();
    expect(done.header('Kv-Context')).toBeDefined();
    const got = ask('get');
    expect(got.data).toHaveLength(0);
    expect(got.header('Kv-Size')).toBe(size);
    expect(got.header('Kv-Digest')).toBe(digest);
    expect(got.header('Kv-Part-Size')).toBe('300');
    expect(got.header('Kv-Context')).toBe(done.header('Kv-Context'));
  });

  test.each([
    [0, 999],
    [0, 0],
    [299, 300],
    [300, 599],
    [150, 950],
    [999, 999],
  ])('bytes %i to %i', (first, last) => {
    uploaded();
    const got = ask('get', { 'Kv-Range': `bytes=${first}-${last}` });
    expect(got.data).toEqual(whole.subarray(first, last + 1));
    expect(got.header('Kv-Content-Range')).toBe(`bytes ${first}-${last}/1000`);
    expect(got.header('Kv-Digest')).toBe(digest);
  });

  test('a range ends with the value; without an end it goes as far as a message takes', () => {
    uploaded();
    const past = ask('get', { 'Kv-Range': 'bytes=990-5000' });
    expect(past.header('Kv-Content-Range')).toBe('bytes 990-999/1000');
    expect(ask('get', { 'Kv-Range': 'bytes=0-' }).data).toEqual(whole);
    const large = Buffer.alloc(2 * limits.valueBytesMax, 3);
    const upload = begin();
    for (const i of [0, 1])
      putPart(upload, i, large.subarray(i * limits.valueBytesMax, (i + 1) * limits.valueBytesMax));
    ask('put', { 'Kv-Upload': upload, 'Kv-Commit': '2' });
    const most = ask('get', { 'Kv-Range': 'bytes=10-' });
    expect(most.data).toHaveLength(partLimits.partBytesMax);
    const end = 10 + partLimits.partBytesMax - 1;
    expect(most.header('Kv-Content-Range')).toBe(`bytes 10-${end}/${large.length}`);
  });

  test('ranges of small values, too', () => {
    ask('put', {}, Buffer.from('hello'));
    const got = ask('get', { 'Kv-Range': 'bytes=1-2' });
    expect(got.data.toString()).toBe('el');
    expect(got.header('Kv-Content-Range')).toBe('bytes 1-2/5');
    expect(got.header('Kv-Size')).toBe('5');
  });

  test('siblings tell what big ones among them are; one is picked by its number', () => {
    ask('put', { 'Kv-Context': '-' }, Buffer.from('small'));
    uploaded({ 'Kv-Context': '-' });
    const both = ask('get');
    expect(both.header('Kv-Siblings')).toBe('2');
    const values = decode(both.data) as readonly unknown[];
    const big = values.findIndex((value) => Array.isArray(value));
    expect(values[big]).toEqual([1000, digest]);
    expect(Buffer.from(values[1 - big] as Uint8Array).toString()).toBe('small');
    const picked = ask('get', { 'Kv-Sibling': String(big), 'Kv-Range': 'bytes=300-301' });
    expect(picked.data).toEqual(whole.subarray(300, 302));
    expect(picked.header('Kv-Siblings')).toBe('2');
    expect(ask('get', { 'Kv-Sibling': String(1 - big) }).data.toString()).toBe('small');
    expect(codeOf(ask('get', { 'Kv-Sibling': '2' }))).toBe('400');
    expect(codeOf(ask('get', { 'Kv-Range': 'bytes=0-1' }))).toBe('400');
  });

  test('what is given up is not committed any more', () => {
    const upload = begin();
    putPart(upload, 0, whole);
    expect(codeOf(ask('del', { 'Kv-Upload': upload }))).toBeUndefined();
    const refused = ask('put', { 'Kv-Upload': upload, 'Kv-Commit': '1' });
    expect([codeOf(refused), refused.header('Kv-Outcome')]).toEqual(['409', 'none']);
    // The key itself was not touched.
    expect(codeOf(ask('get'))).toBe('404');
  });

  test('uploads of one key know nothing of each other', () => {
    const [one, other] = [begin(), begin()];
    putPart(one, 0, Buffer.from('one'));
    putPart(other, 0, Buffer.from('other'));
    ask('put', { 'Kv-Upload': other, 'Kv-Commit': '1' });
    expect(ask('get', { 'Kv-Range': 'bytes=0-' }).data.toString()).toBe('other');
    ask('put', { 'Kv-Upload': one, 'Kv-Commit': '1' });
    expect(ask('get', { 'Kv-Range': 'bytes=0-' }).data.toString()).toBe('one');
  });
});

describe('refused, and nothing shows', () => {
  const commit = (headers: HeadersSent): Answer => {
    const upload = begin();
    putPart(upload, 0, Buffer.alloc(300, 1));
    putPart(upload, 1, Buffer.alloc(200, 2));
    return ask('put', { 'Kv-Upload': upload, ...headers });
  };

  test.each<[string, HeadersSent, string, RegExp]>([
    ['a part that is missing', { 'Kv-Commit': '3' }, '400', /part 1 has 200/],
    ['another size', { 'Kv-Commit': '2', 'Kv-Size': '501' }, '400', /500 bytes, not 501/],
    ['another digest', { 'Kv-Commit': '2', 'Kv-Digest': digest }, '400', /digest/],
    ['a digest that is none', { 'Kv-Commit': '2', 'Kv-Digest': 'SHA-256=abc' }, '400', /digest/],
    ['neither part nor commit', {}, '400', /Kv-Part/],
    ['both', { 'Kv-Part': '1', 'Kv-Commit': '2' }, '400', /Kv-Part/],
    ['more parts than a value has', { 'Kv-Commit': '65537' }, '400', /Kv-Commit/],
  ])('%s', (_what, headers, code, text) => {
    const answer = commit(headers);
    expect([codeOf(answer), answer.header('Kv-Outcome')]).toEqual([code, 'none']);
    expect(answer.header('Nats-Service-Error')).toMatch(text);
    expect(codeOf(ask('get'))).toBe('404');
  });

  test('a part behind the last, and one in front', () => {
    const upload = begin();
    putPart(upload, 1, Buffer.alloc(10));
    const answer = ask('put', { 'Kv-Upload': upload, 'Kv-Commit': '2' });
    expect(codeOf(answer)).toBe('409');
    expect(answer.header('Nats-Service-Error')).toMatch(/part 0 is not there/);
  });

  test('an upload that is over, or that nobody began', () => {
    const text = uploadText(uploadOf(wallMs - partLimits.uploadLeaseMsDefault, 'abcdefghij'));
    expect(codeOf(ask('put', { 'Kv-Upload': text, 'Kv-Commit': '1' }))).toBe('409');
    for (const wrong of ['nonsense', 'Begin', uploadText('abc')])
      expect(codeOf(ask('put', { 'Kv-Upload': wrong, 'Kv-Part': '1' }))).toBe('400');
  });

  test('what goes with the commit, with a part', () => {
    for (const header of [{ 'Kv-TTL': '5' }, { 'Kv-Context': '-' }, { 'Kv-If': 'absent' }])
      expect(codeOf(ask('put', { 'Kv-Upload': begin(), 'Kv-Part': '0', ...header }, whole))).toBe(
        '400',
      );
  });

  test('a value beyond the bound of its bucket, before anything of it was sent', () => {
    const answer = ask('put', { 'Kv-Upload': 'begin', 'Kv-Size': '101' }, undefined, 'small.k');
    expect(codeOf(answer)).toBe('413');
    expect(answer.header('Nats-Service-Error')).toContain('100 bytes');
  });

  test('a value that is larger than a message: the text says what to do', () => {
    const answer = ask('put', {}, Buffer.alloc(limits.valueBytesMax + 1));
    expect(codeOf(answer)).toBe('413');
    expect(answer.header('Nats-Service-Error')).toContain('Kv-Upload');
  });

  test.each(['bytes=1000-1000', 'bytes=5-4', 'bytes=-5', 'bytes=a-b', '0-5', 'bytes=0-1,3-4'])(
    'the range %s',
    (range) => {
      uploaded();
      expect(codeOf(ask('get', { 'Kv-Range': range }))).toBe('400');
    },
  );
});
