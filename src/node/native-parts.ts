/**
 * What a node is made of beside JavaScript: LMDB and a checksum, each a binary for its machine. npm
 * leaves them out where there is none, so that a client can be installed anywhere; a node then has
 * to say what it lacks.
 */
export class NativePartError extends Error {
  override readonly name = 'NativePartError';
}

const codes = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_DLOPEN_FAILED']);
const packages = /\b(?:lmdb|crc32|native b(?:uild|inding))\b/i;

/** `load` imports modules that need them. Throws `NativePartError` where a binary is missing. */
export async function withNativeParts<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error ? error.code : undefined;
    const isNative = codes.has(String(code)) || code === undefined;
    if (!isNative || !packages.test(error.message)) throw error;
    throw new NativePartError(
      `a node needs LMDB, whose binary for ${process.platform} ${process.arch} is not installed: ` +
        '`npm install --include=optional` brings it, or `npm install lmdb` says what is in the ' +
        'way (where there is no prebuilt one: a C++ compiler); clients work without it ' +
        `(${firstLineOf(error.message)})`,
      { cause: error },
    );
  }
}

function firstLineOf(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
