/** The built page: four files, of which the document has the word of this process in it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';

const types = {
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'licences.txt': 'text/plain; charset=utf-8',
} as const;

/** Throws when the page was not built. */
export function pageFiles(pageToken: string): Hono {
  const folder = join(import.meta.dirname, 'page');
  const pages = new Hono();
  const document = readFileSync(join(folder, 'index.html'), 'utf8').replace('%TOKEN%', pageToken);
  pages.get('/', (context) => context.html(document));
  for (const [name, type] of Object.entries(types)) {
    const bytes = readFileSync(join(folder, name));
    pages.get(`/${name}`, (context) => context.body(bytes, 200, { 'Content-Type': type }));
  }
  return pages;
}
