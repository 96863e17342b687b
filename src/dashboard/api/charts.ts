/** `GET /api/charts`: the statecharts there are. */
import { Hono } from 'hono';
import type { ApiParts } from './parts.js';

export function chartsApi({ charts }: ApiParts): Hono {
  const api = new Hono();
  api.get('/charts', async (context) => context.json(await charts()));
  return api;
}
