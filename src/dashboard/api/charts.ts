/** `GET /api/charts`: the statecharts there are, found when they are first asked for. */
import { Hono } from 'hono';
import type { ChartDefinition } from '../wire.js';
import { findCharts } from '../charts.js';

export function chartsApi(): Hono {
  const api = new Hono();
  let found: Promise<ChartDefinition[]> | undefined;
  api.get('/charts', async (context) => {
    found ??= findCharts();
    return context.json(await found);
  });
  return api;
}
