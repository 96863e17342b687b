/** `GET /api/stream`: the cluster each second, and notes as they come. */
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { ApiParts } from './parts.js';

export function streamApi({ streams, greeting }: ApiParts): Hono<{ Bindings: HttpBindings }> {
  const api = new Hono<{ Bindings: HttpBindings }>();
  api.get('/stream', (context) => {
    const { incoming, outgoing } = context.env;
    const type = { 'Content-Type': 'text/event-stream' };
    if (incoming.method === 'HEAD') return context.body(null, 200, type);
    if (streams.isFull) return context.text('too many pages watch', 503);
    outgoing.writeHead(200, type);
    streams.add(outgoing, greeting);
    return RESPONSE_ALREADY_SENT;
  });
  return api;
}
