/** The style sheets of all views are one in the end. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const views = join(import.meta.dirname, '../../../../src/dashboard/page/views');

function textsOf(view: string, ending: string): string[] {
  return readdirSync(join(views, view))
    .filter((file) => file.endsWith(ending))
    .map((file) => readFileSync(join(views, view, file), 'utf8'));
}

/** Classes by which a selector of a view begins: nothing around them says whose they are. */
function styledBy(view: string): Set<string> {
  const rules = textsOf(view, '.css')
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '');
  const selectors = [...rules.matchAll(/([^{}]+)\{/g)].flatMap(([, list]) => list!.split(','));
  const first = selectors.map((selector) => /^\s*\w*\.([\w-]+)/.exec(selector)?.[1]);
  return new Set(first.filter((name) => name !== undefined));
}

function usedBy(view: string): Set<string> {
  const text = textsOf(view, '.tsx').join('\n');
  const values = [...text.matchAll(/class=(?:"([^"]*)"|\{`([^`]*)`\}|\{([^}]*)\})/g)];
  const words = values.flatMap(([, ...parts]) => parts.join(' ').match(/[a-zA-Z][\w-]*/g) ?? []);
  return new Set(words);
}

test('no class that one view styles is used by another one', () => {
  const names = readdirSync(views);
  const clashes = names.flatMap((view) => {
    const styled = styledBy(view);
    return names
      .filter((other) => other !== view)
      .flatMap((other) =>
        [...usedBy(other)].filter((word) => styled.has(word) && !own(other, word)),
      )
      .map((word) => `${word} of ${view}`);
  });
  expect(clashes).toEqual([]);
});

function own(view: string, word: string): boolean {
  return styledBy(view).has(word);
}
