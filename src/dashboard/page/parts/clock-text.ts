/** The time of day as it is read everywhere: 08:05:09, where the browser is. */
export function clockText(atMs: number): string {
  return textOf(atMs, { second: '2-digit' });
}

/** 08:05 */
export function minuteText(atMs: number): string {
  return textOf(atMs, {});
}

function textOf(atMs: number, more: Intl.DateTimeFormatOptions): string {
  const options = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...more } as const;
  return new Date(atMs).toLocaleTimeString([], options);
}
