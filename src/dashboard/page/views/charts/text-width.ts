/**
 * How wide text is, without asking a browser: boxes must be large enough before they are placed,
 * and the same chart is laid out alike wherever that is done. It errs on the wide side.
 */

/** In parts of the size of the font, of the sans-serif fonts systems have; the rest is `wide`. */
const narrow = "iljtfrI.,:;|!'()[]/ ";
const broad = 'mwMWOQG@%—→…';

export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width * size;
}

function charWidth(char: string): number {
  if (narrow.includes(char)) return 0.36;
  if (broad.includes(char)) return 0.92;
  return char >= 'A' && char <= 'Z' ? 0.7 : 0.62;
}
