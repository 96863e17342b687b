/** `GET /api/stream`: the cluster each second, and notes as they come. */
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { ApiParts } from './parts.js';

export function streamApi({ streams, greeting }: ApiParts): Hono<{ Bindings: HttpBindings }> {
  const api = new Hono<{ Bindings: HttpBindings }>();
  api.get('/stream', (context) => {
    if (streams.isFull) return context.text('too many pages watch', 503);
    const { outgoing } = context.env;
    outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' });
    streams.add(outgoing, greeting);
    return RESPONSE_ALREADY_SENT;
  });
  return api;
}
