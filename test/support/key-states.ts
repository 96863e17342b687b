/**
 * Arbitrary key states for fast-check: any that could be, not only those that some history made.
 */
import * as fc from 'fast-check';
import { actorOf } from '../../actors/rules/actor.js';
import type { Actor, Context, Dot, KeyState, Sibling } from '../../actors/rules/versions.js';
import { encodeManifest } from '../../src/wire/manifest.js';

/** Few actors and small counters, so that two states meet; the largest of both too. */
const actor: fc.Arbitrary<Actor> = fc
  .tuple(
    fc.constantFrom('0000000000000001', '00000000000000ff', 'ffffffffffffffff'),
    fc.constantFrom(1, 2, 2 ** 48 - 1),
  )
  .map(([node, epoch]) => actorOf(node, epoch));
const counter = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 1, max: 5 }) },
  { weight: 1, arbitrary: fc.constant(2 ** 32 - 1) },
);

export const context: fc.Arbitrary<Context> = fc
  .uniqueArray(fc.record({ actor, counter }), { maxLength: 6, selector: (dot) => dot.actor })
  .map((dots) => dots.sort((a, b) => (a.actor < b.actor ? -1 : 1)));

const byteString = fc
  .uint8Array({ maxLength: 64 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

/** What a dot names is the same everywhere, so it is a function of the dot. */
function siblingOf(dot: Dot): Sibling {
  const kind = (dot.counter + dot.actor.charCodeAt(13)) % 3;
  return {
    dot,
    value: kind === 0 ? null : Buffer.alloc(dot.counter % 40, dot.counter),
    writtenAtMs: dot.counter * 1.5,
    expiresAtMs: kind === 1 ? dot.counter * 2 : 0,
    operation: kind === 2 || (kind === 1 && dot.counter % 2 === 0) ? `op ${dot.counter % 4}` : '',
  };
}

/** With what one state knows of its copies and its end; 0 of 5: nothing. */
function knownSibling(given: Sibling, knowledge: number): Sibling {
  const isOver = given.expiresAtMs !== 0 && knowledge % 2 === 1;
  const sibling = isOver ? { ...given, value: null } : given;
  if (sibling.operation === '' || knowledge === 0) return sibling;
  const marked = { ...sibling, copiesUntilMs: sibling.dot.counter * 3 + (knowledge % 2) };
  return knowledge < 3 ? marked : asRemembered(marked);
}

/** As a state has it that saw it replaced. */
function asRemembered(sibling: Sibling): Sibling {
  const { manifest: _, ...rest } = sibling;
  return { ...rest, value: null, expiresAtMs: 0, remembered: true };
}

/** Siblings ascend, and the own context covers each of them. */
export const keyState: fc.Arbitrary<KeyState> = context.chain((claims) =>
  fc
    .tuple(fc.nat(5 ** 8), ...claims.map((entry) => fewOf(countersOf(entry))))
    .map(([knowledge, ...chosen]) => ({
      context: claims,
      siblings: claims
        .flatMap(({ actor }, i) => chosen[i]!.map((own) => siblingOf({ actor, counter: own })))
        .map((sibling, i) => knownSibling(sibling, Math.floor(knowledge / 5 ** i) % 5)),
    })),
);

function fewOf(counters: number[]): fc.Arbitrary<number[]> {
  return fc.subarray(counters, { maxLength: Math.min(3, counters.length) });
}

function countersOf({ counter }: Dot): number[] {
  return counter > 5
    ? [1, 2, counter - 1, counter]
    : Array.from({ length: counter }, (_, i) => i + 1);
}

/** Encoded. */
export const manifest: fc.Arbitrary<Buffer> = fc
  .record({
    size: fc.oneof(fc.nat(2_000_000), fc.constantFrom(2 ** 34, 2 ** 33)),
    partBytes: fc.constantFrom(2 ** 19, 2 ** 18),
    sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    upload: fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((bytes) => Buffer.from(bytes).toString('latin1')),
  })
  .map(encodeManifest);

/** States with values, times and operation ids of any kind; for what travels as bytes. */
export const fullState: fc.Arbitrary<KeyState> = keyState.chain((state) =>
  fc
    .tuple(
      ...state.siblings.map(({ dot }) =>
        fc.record({
          dot: fc.constant(dot),
          value: fc.option(fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))),
          writtenAtMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
          expiresAtMs: fc.nat(),
          operation: byteString,
          copies: fc.option(fc.record({ untilMs: fc.nat(), remembered: fc.boolean() })),
          manifest: fc.oneof(
            { weight: 4, arbitrary: fc.constant(null) },
            { weight: 1, arbitrary: manifest },
          ),
        }),
      ),
    )
    .map((siblings) => ({ context: state.context, siblings: siblings.map(withCopies) })),
);

type Drawn = Omit<Sibling, 'manifest'> & {
  readonly copies: { readonly untilMs: number; readonly remembered: boolean } | null;
  readonly manifest: Buffer | null;
};

function withCopies({ copies, manifest: drawn, ...rest }: Drawn): Sibling {
  const sibling: Sibling = drawn === null ? rest : { ...rest, value: drawn, manifest: true };
  if (copies === null || sibling.operation === '') return sibling;
  const marked = { ...sibling, copiesUntilMs: copies.untilMs };
  return copies.remembered ? asRemembered(marked) : marked;
}

export const storageKey = fc
  .uint8Array({ maxLength: 100 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'));

/**
 * Bytes of something with up to four mistakes: bytes changed, taken out, put in, or copied from
 * elsewhere in it.
 */
export function mutated(whole: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const mistake = fc.record({
    kind: fc.constantFrom('change', 'flip', 'cut', 'add', 'copy'),
    at: fc.nat(),
    from: fc.nat(),
    count: fc.constantFrom(1, 2, 4, 8, 14, 18, 35),
    byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff), fc.nat(255)),
  });
  return fc
    .tuple(whole, fc.array(mistake, { minLength: 1, maxLength: 4 }))
    .map(([bytes, mistakes]) =>
      mistakes.reduce((before, { kind, byte, count, ...where }) => {
        const at = where.at % (before.length + 1);
        const from = where.from % (before.length + 1);
        const [head, tail] = [before.subarray(0, at), before.subarray(at)];
        if (kind === 'cut') return Buffer.concat([head, tail.subarray(count)]);
        if (kind === 'add') return Buffer.concat([head, Buffer.alloc(count, byte), tail]);
        const after = Buffer.from(before);
        if (kind === 'copy') before.copy(after, at, from, from + count);
        else if (at < after.length)
          after[at] = kind === 'flip' ? after[at]! ^ (1 << (byte & 7)) : byte;
        return after;
      }, bytes),
    );
}

const firstDot = dotText(actorOf('0000000000000001', 1), 1);

const piece: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('0000', '0001', '0002') },
  { weight: 3, arbitrary: fc.tuple(actor, counter).map(([who, n]) => dotText(who, n)) },
  { weight: 1, arbitrary: fc.constant(dotText('\0'.repeat(14), 0)) },
  { weight: 3, arbitrary: fc.constantFrom('40f0000000000000', '0'.repeat(16)) },
  { weight: 1, arbitrary: fc.constantFrom('7ff0000000000000', 'bff0000000000000') },
  { weight: 2, arbitrary: fc.constantFrom('00', '0161', '80', '8161', 'ff', '41') },
  { weight: 2, arbitrary: fc.constantFrom('ffffffff', 'fffffffe', '00000000', '0000000161') },
);

/** Of the first actor, whole, and mostly such as may not be. */
const siblingPiece: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('00', '0161', `80${'0'.repeat(16)}`, `8161${'0'.repeat(16)}`),
    fc.constantFrom('ffffffff', 'fffffffe', '0000000161'),
  )
  .map(([operation, value]) => `${firstDot}${'0'.repeat(32)}${operation}${value}`);

/** What encoded states are made of, in an order in which it mostly makes none. */
export const statePieces: fc.Arbitrary<Buffer> = fc
  .oneof(
    fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')),
    fc
      .tuple(
        fc.constantFrom('0000', `0001${firstDot}`, `0002${firstDot}${firstDot}`),
        fc.array(siblingPiece, { maxLength: 2 }).map((all) => `000${all.length}${all.join('')}`),
        fc.option(piece, { nil: '', freq: 1 }),
      )
      .map((pieces) => pieces.join('')),
  )
  .map((text) => Buffer.from(text, 'hex'));

function dotText(who: Actor, count: number): string {
  const text = Buffer.from(who, 'latin1').toString('hex');
  return text + count.toString(16).padStart(8, '0');
}
