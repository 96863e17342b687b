/** Texts side by side: which of their words not all of them have. */

export interface Part {
  readonly text: string;
  readonly differs: boolean;
}

/** For each text its parts, in their order; runs of equal kind are joined. */
export function differingParts(texts: readonly string[]): readonly (readonly Part[])[] {
  const words = texts.map(wordsOf);
  const counts = words.map(countsOf);
  return words.map((own) => {
    const used = new Map<string, number>();
    return joined(
      own.map((text) => {
        const nth = (used.get(text) ?? 0) + 1;
        used.set(text, nth);
        return { text, differs: counts.some((count) => (count.get(text) ?? 0) < nth) };
      }),
    );
  });
}

/** Words, numbers, and whatever stands between them. */
function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

function countsOf(words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function joined(parts: readonly Part[]): Part[] {
  const runs: Part[] = [];
  for (const { text, differs } of parts) {
    const last = runs.at(-1);
    if (last?.differs === differs) runs[runs.length - 1] = { text: last.text + text, differs };
    else runs.push({ text, differs });
  }
  return runs;
}
