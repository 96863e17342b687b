/**
 * How the commands speak: results on standard output, everything said about them on standard error.
 */
import { ConditionError, QuorateError } from '../errors.js';
import { asBuffer } from '../wire/as-buffer.js';

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

/**
 * Bytes as they are; on a terminal a newline after them, so that the prompt stands on its own line.
 */
export function printBytes(bytes: Uint8Array): void {
  process.stdout.write(bytes);
  if (process.stdout.isTTY && bytes.at(-1) !== 0x0a) process.stdout.write('\n');
}

/** What is shown takes the place of what was, on a terminal; else it comes behind it. */
export class Screen {
  private lines = 0;

  get isLive(): boolean {
    return process.stdout.isTTY;
  }

  show(text: string): void {
    // So many lines up, and everything from there on away.
    if (this.isLive && this.lines > 0) process.stdout.write(`\u001b[${this.lines}A\u001b[J`);
    this.lines = text.split('\n').length;
    printLine(text);
  }
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Text of others, on a terminal: control characters would write to it. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}

/** What is said of an error, without the stack: that is for programmers. */
export function sayError(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  if (json) printJson({ error: errorFields(error, message) });
  say(`quorate: ${message}`);
}

function errorFields(error: unknown, message: string): Record<string, unknown> {
  if (!(error instanceof QuorateError)) return { message };
  const fields = { code: error.code, message, outcome: error.outcome };
  return error instanceof ConditionError ? { ...fields, ...foundFields(error) } : fields;
}

/** What is there in the place of what was not put. */
function foundFields({ found }: ConditionError): Record<string, unknown> {
  if (found === undefined) return {};
  const { context, values } = found;
  const seen = context === undefined ? undefined : asBuffer(context).toString('base64url');
  return { context: seen, values: valuesFields(values) };
}

/** Of the values of a key; null is a delete beside others. */
export function valuesFields(values: readonly (Uint8Array | null)[]): Record<string, unknown>[] {
  return values.map((bytes) => {
    if (bytes === null) return { deleted: true };
    return { text: textOf(bytes), base64: Buffer.from(bytes).toString('base64') };
  });
}

/** Columns padded to their widest cell, two spaces apart. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [header, ...rows]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

const utf8Strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text when they are UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8Strict.decode(bytes);
  } catch {
    return undefined;
  }
}
