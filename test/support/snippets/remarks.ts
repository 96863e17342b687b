/**
 * What the comments of an example promise. `→ text` is printed, `…` in it stands for anything;
 * `exits 3` and `exit code 3` are how a command ends; an error's number in a comment (`409`) is
 * expected in a reply, which else has none.
 */

export interface Remarks {
  /** 0 unless told. */
  readonly exit: number;
  /** As HTTP's; empty: no reply is an error. */
  readonly errors: readonly string[];
  /** In their order. */
  readonly prints: readonly string[];
}

export function remarksOf(comments: readonly string[]): Remarks {
  const all = comments.join('\n');
  const [, code = '0'] = /\bexit(?:s|s? with|s? code) (\d)\b/.exec(all) ?? [];
  const prints = comments.flatMap((comment) => /^→ *(.*\S)/.exec(comment.trim())?.[1] ?? []);
  return { exit: Number(code), errors: all.match(/\b[45]\d\d\b/g) ?? [], prints };
}

/** The first promise that is not kept by what was printed; undefined: all are, in their order. */
export function missingPrint(prints: readonly string[], said: string): string | undefined {
  let rest = said;
  for (const print of prints) {
    const pieces = print.split('…').map(escaped);
    const found = new RegExp(pieces.join('[^]*?')).exec(rest);
    if (found === null) return print;
    rest = rest.slice(found.index + found[0].length);
  }
  return undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** An error in a reply that nats showed and no comment names. */
export function unexpectedError(errors: readonly string[], said: string): string | undefined {
  const codes = Array.from(said.matchAll(/Nats-Service-Error-Code: (\d+)/g), ([, code]) => code!);
  return codes.find((code) => !errors.includes(code));
}

/**
 * Comments to the end of a line, without their mark, in programs: from the first mark that has a
 * blank on either side, or that begins the line.
 */
export function programComments(text: string, mark: '//' | '#'): string[] {
  const pattern = new RegExp(`(?:^|\\s)${mark} (.*)$`);
  return text.split('\n').flatMap((line) => pattern.exec(line)?.[1] ?? []);
}
