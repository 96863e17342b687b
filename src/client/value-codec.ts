/** How a bucket's values become bytes and back. The store itself knows only bytes. */

/**
 * `Out` is what reads give, `In` what puts take. `decode` may throw; the error reaches whoever asks
 * for the value.
 */
export interface ValueCodec<Out, In = Out> {
  encode(value: In): Uint8Array;
  decode(bytes: Uint8Array): Out;
}

const utf8Strict = new TextDecoder('utf-8', { fatal: true });

/** Bytes as they are; strings are put as UTF-8. What a bucket has unless it is given another. */
export const raw: ValueCodec<Uint8Array, Uint8Array | string> = {
  encode: (value) => (typeof value === 'string' ? Buffer.from(value, 'utf8') : value),
  decode: (bytes) => bytes,
};

/** Strings as UTF-8; reading bytes that are not UTF-8 throws. */
export const text: ValueCodec<string> = {
  encode: (value) => Buffer.from(value, 'utf8'),
  decode: (bytes) => utf8Strict.decode(bytes),
};

/**
 * JSON. `T` is believed, not checked; to check it, write a codec whose `decode` parses with your
 * schema.
 */
export function json<T>(): ValueCodec<T> {
  return {
    encode: (value) => Buffer.from(JSON.stringify(value), 'utf8'),
    decode: (bytes) => JSON.parse(utf8Strict.decode(bytes)) as T,
  };
}
