/**
 * Headers in the words of the NATS protocol, up to the empty line behind them. Throws on a line
 * break in a value.
 */
export function headerText(headers: Readonly<Record<string, string>>): string {
  let text = 'NATS/1.0\r\n';
  for (const name in headers) {
    const value = headers[name]!;
    if (value.includes('\n') || value.includes('\r'))
      throw new Error(`a line break in header ${name}`);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}\r\n`;
}
