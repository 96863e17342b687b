/** One line of a scenario or of a fault list: `crash n1 lose=all for=3s # why`. */
export interface Command {
  readonly text: string;
  readonly verb: string;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** Words behind `=>`: what is expected to come of it. */
  readonly expected: readonly string[] | undefined;
}

/** undefined for a line that says nothing. */
export function parseCommand(line: string): Command | undefined {
  const text = line.replace(/(^|\s)#.*$/, '').trim();
  if (text === '') return undefined;
  const [action = '', expectation] = text.split(/\s*=>\s*/);
  const words = action.split(/\s+/);
  const args: string[] = [];
  const options: Record<string, string> = {};
  for (const word of words.slice(1)) {
    const at = word.indexOf('=');
    if (at < 0) args.push(word);
    else options[word.slice(0, at)] = word.slice(at + 1);
  }
  const expected = expectation?.split(/\s+/).filter((word) => word !== '');
  return { text, verb: words[0]!, args, options, expected };
}

const units: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, m: 6e7, h: 3.6e9 };

/** `1.5s` in µs. */
export function durationUs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text);
  if (match === null) throw new Error(`not a duration: '${text}'`);
  return Math.round(Number(match[1]) * units[match[2]!]!);
}

export function durationText(us: number): string {
  return us % 1e6 === 0 ? `${us / 1e6}s` : us % 1e3 === 0 ? `${us / 1e3}ms` : `${us}us`;
}
