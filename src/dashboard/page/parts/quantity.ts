/** Numbers as they are read: no more digits than tell something. */

const thousands = ['', 'k', 'M', 'G', 'T'] as const;
const bytes = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** 0, 0.4, 7.3, 42, 1.2k, 3.4M */
export function shortNumber(value: number): string {
  const { scaled, power } = powerOf(value, thousands.length);
  return `${digits(scaled)}${thousands[power]}`;
}

export function bytesText(value: number): string {
  const { scaled, power } = powerOf(value, bytes.length);
  return `${digits(scaled)} ${bytes[power]}`;
}

export function msText(ms: number): string {
  if (ms >= 1_000) return `${digits(ms / 1_000)} s`;
  return ms < 0.1 && ms > 0 ? `${Math.round(ms * 1_000)} µs` : `${digits(ms)} ms`;
}

function powerOf(value: number, powers: number): { scaled: number; power: number } {
  let scaled = Math.abs(value);
  let power = 0;
  while (scaled >= 999.5 && power < powers - 1) {
    scaled /= 1000;
    power++;
  }
  return { scaled: Math.sign(value) * scaled, power };
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 9.95) return String(Math.round(value));
  return size >= 0.095 ? trimmed(value.toFixed(1)) : trimmed(value.toFixed(2));
}

function trimmed(text: string): string {
  return text.replace(/\.0+$/, '');
}
