/**
 * The built page: its document has the word of this process in it. A second one, `/stately`, has
 * Stately's inspector in a frame: opened, it asks another host, and nothing else here does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { policyWithFrame } from './guard.js';
import { statelyPath } from './stately-feed.js';

const types = {
  'page.js': 'text/javascript; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'stately.js': 'text/javascript; charset=utf-8',
  'stately.css': 'text/css; charset=utf-8',
  'licences.txt': 'text/plain; charset=utf-8',
} as const;

/** Throws when the page was not built. */
export function pageFiles(pageToken: string): Hono<{ Bindings: HttpBindings }> {
  const folder = join(import.meta.dirname, 'page');
  const pages = new Hono<{ Bindings: HttpBindings }>();
  const document = readFileSync(join(folder, 'index.html'), 'utf8').replace('%TOKEN%', pageToken);
  pages.get('/', (context) => context.html(document));
  const stately = readFileSync(join(folder, 'stately.html'), 'utf8');
  pages.get(statelyPath, (context) => {
    const policy = policyWithFrame('https://stately.ai');
    context.env.outgoing.setHeader('Content-Security-Policy', policy);
    return context.html(stately);
  });
  for (const [name, type] of Object.entries(types)) {
    const bytes = readFileSync(join(folder, name));
    pages.get(`/${name}`, (context) => context.body(bytes, 200, { 'Content-Type': type }));
  }
  return pages;
}
