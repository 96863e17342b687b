/**
 * Values that tell which write they come from: `<token> <body>` and filler. The body is a set or a
 * counter that clients keep.
 */
export interface Value {
  readonly token: string;
  /** Elements of a set, or `<client>=<count>` of a counter, ascending. */
  readonly body: readonly string[];
}

export function encodeValue(value: Value, bytes: number): Buffer {
  const text = `${value.token} ${value.body.join(',')} `;
  return Buffer.from(text.padEnd(bytes, 'x'));
}

/** A value whose filler is not what it was has a token that nobody wrote. */
export function decodeValue(bytes: Buffer): Value {
  const [token = '', body = '', filler = ''] = bytes.toString('latin1').split(' ', 3);
  const whole = /^x*$/.test(filler) ? token : `${token}?damaged`;
  return { token: whole, body: body === '' ? [] : body.split(',') };
}

export function tokenOf(bytes: Buffer): string {
  const end = bytes.indexOf(0x20);
  const token = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
  return token.startsWith(uploadMark) ? (uploads.get(token.slice(1)) ?? token) : token;
}

/** In front of an upload, in hex, where oracles read a manifest. */
export const uploadMark = '^';
/** Which write each is. One seed runs at a time. */
const uploads = new Map<string, string>();

export function noteUpload(upload: string, token: string): void {
  uploads.set(upload, token);
}

export function forgetUploads(): void {
  uploads.clear();
}

/** Siblings of a set merge to their union. */
export function unionOf(values: readonly Value[]): string[] {
  return [...new Set(values.flatMap(({ body }) => body))].sort();
}

/** Siblings of a counter merge client by client to the higher count. */
export function countsOf(values: readonly Value[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { body } of values)
    for (const entry of body) {
      const [client = '', count = '0'] = entry.split('=');
      counts.set(client, Math.max(counts.get(client) ?? 0, Number(count)));
    }
  return counts;
}

export function bodyOfCounts(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].map(([client, count]) => `${client}=${count}`).sort();
}
