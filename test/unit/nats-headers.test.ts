import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { headers as packageHeaders } from 'nats';
import { actorOf } from '../../actors/rules/actor.js';
import { limits } from '../../actors/rules/limits.js';
import { headerText } from '../../src/bus/header-text.js';
import { NatsHeaders } from '../../src/bus/nats-headers.js';
import { encodeContext } from '../../src/wire/key-state-codec.js';

const read = (text: string): NatsHeaders => new NatsHeaders(Buffer.from(text));
const block = (lines: string): NatsHeaders => read(`NATS/1.0\r\n${lines}\r\n`);

const token = fc.stringMatching(/^[!-9;-~]{1,20}$/);
const valueText = fc.stringMatching(/^[^\r\n]{0,30}$/u);

describe('headers', () => {
  test('the first of a name in any case, without blanks around; others are none', () => {
    const headers = block('KV-w:\t2 \r\nKv-W: 3\r\nEmpty:\r\nx-[: \u00fc:\r\n');
    expect(['Kv-W', 'empty', 'X-[', 'x-{', 'Kv-R'].map((name) => headers.value(name))).toEqual([
      '2',
      '',
      '\u00fc:',
      undefined,
      undefined,
    ]);
  });

  test('what the package writes is read as it was meant, and as is what we write', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(token, valueText), { maxLength: 10 }), (fields) => {
        const theirs = packageHeaders();
        const ours = Object.create(null) as Record<string, string>;
        for (const [name, value] of fields) {
          theirs.append(name, value);
          ours[name] ??= value;
        }
        const [first] = fields;
        if (first === undefined) return;
        const written = [
          Buffer.from((theirs as unknown as { encode(): Uint8Array }).encode()),
          Buffer.from(headerText(ours)),
        ];
        const [name, value] = first;
        for (const bytes of written)
          expect(new NatsHeaders(bytes).value(name)?.trim()).toBe(value.trim());
      }),
    );
  });

  test('any bytes are read or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) => {
        const headers = new NatsHeaders(Buffer.concat([Buffer.from('NATS/1.0\r\nA'), tail]));
        try {
          headers.value('A');
        } catch (error) {
          expect(error).toMatchObject({ name: 'MalformedError' });
        }
        expect(headers.isNoResponders).toBe(false);
      }),
    );
  });

  test.each([
    ['Kv W: 1\r\n', /blanks/],
    ['Kv-W : 1\r\n', /blanks/],
    ['\u00dc: 1\r\n', /ASCII/],
    ['Kv-W: 1\nx\r\n', /CR LF/],
    ['Kv-W: 1\rx\r\n', /CR LF/],
    ['Kv-W\r\n', /colon/],
    [': 1\r\n', /a name/],
    ['x:\r\n'.repeat(limits.headersMax + 1), /at most 64 headers/],
    [`x: ${'y'.repeat(limits.headerBytesMax)}\r\n`, /at most 16384 bytes/],
  ])('%j is refused', (lines, text) => {
    expect(() => block(lines).value('Kv-W')).toThrow(text);
    expect(block(lines).isNoResponders).toBe(false);
  });

  test('the status of "no responders", with a text or without', () => {
    for (const line of ['NATS/1.0 503\r\n\r\n', 'NATS/1.0 503 No Responders\r\n\r\n'])
      expect(read(line).isNoResponders).toBe(true);
    for (const line of ['NATS/1.0\r\n\r\n', 'NATS/1.0 404\r\n\r\n', 'x'])
      expect(read(line).isNoResponders).toBe(false);
  });

  test('as many headers as may be are read', () => {
    expect(block('x:\r\n'.repeat(limits.headersMax - 1) + 'Kv-W: 1\r\n').value('Kv-W')).toBe('1');
  });

  test('the largest context a node gives out fits', () => {
    const largest = Array.from({ length: limits.contextEntriesMax }, (_, i) => ({
      actor: actorOf(i.toString(16).padStart(16, '0'), 1),
      counter: limits.contextCounterMax,
    }));
    const bytes = encodeContext(largest);
    const text = Buffer.from(bytes).toString('base64url');
    expect(block(`Kv-Context: ${text}\r\n`).value('kv-context')).toBe(text);
  });
});
