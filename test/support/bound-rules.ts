/**
 * Where bounds stand: a number that is called one may be written in `actors/rules/limits` alone.
 */
import { codeOf, type Sources } from './source-files.js';

const places = ['actors/rules/limits.ts', 'actors/rules/limits/'];

/** A bound, a wait, a pause or how often something is done, by its name. */
const ofName = String.raw`\b\w*(?:Max|Min|(?:Ms|Limit|Kept|PerTurn)\b)[A-Z]?\w*`;

/** Its value is written as a number: a constant, a default of a parameter or of an option. */
const asNumber = new RegExp(String.raw`${ofName}\s*(?::[^=;,(){}]+)?[=:]\s*(?:\d|-\d)`);

/** Made of other bounds, or of numbers, for a whole file. */
const ofFile = new RegExp(String.raw`^(?:export )?const \w*(?:Max|Min)\b`);

/** The ends of a range, as arguments and options are checked by; up to 1 they are no bounds. */
const ofRange = /\b(?:min|max)\s*:\s*-?(?:[2-9]|\d[\d_.])/;

/** Nothing yet, which is what a counter or a moment begins with, or one alone. */
const asNothing = /[=:]\s*[01]\s*[;,})]/;

export function boundViolations(sources: Sources): string[] {
  const violations: string[] = [];
  for (const [path, text] of sources) {
    if (!/^(?:actors|src)\//.test(path) || places.some((place) => path.startsWith(place))) continue;
    for (const [index, line] of codeOf(text).split('\n').entries()) {
      const isConstant = asNumber.test(line) && !asNothing.test(line);
      if (!ofFile.test(line) && !ofRange.test(line) && !isConstant) continue;
      violations.push(`${path}:${index + 1} has a bound of its own: ${line.trim()}`);
    }
  }
  return violations;
}
