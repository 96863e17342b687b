/** What a page asks before it knows that no cluster is shown: nothing has been noted. */
import { Hono } from 'hono';

export function noClusterApi(): Hono {
  const api = new Hono();
  for (const path of ['/timeline', '/traces']) api.get(path, (context) => context.json([]));
  return api;
}
