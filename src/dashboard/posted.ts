/**
 * What is posted, up to a bound. Whoever posts more is told so at once; what it goes on sending is
 * read and thrown away, since who is sending reads no answer from a connection that is closed.
 */
import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';

const { bodyBytesMax } = dashboardLimits;

interface Env {
  readonly Bindings: HttpBindings;
  readonly Variables: { posted: Buffer };
}

/** For every request that was let in; then `postedBytes` has what it brought. */
export function boundedBodies(): MiddlewareHandler<Env> {
  return async (context, next) => {
    const { incoming } = context.env;
    const isPosted = context.req.method === 'POST';
    const bytes = isPosted ? await readUpToBound(incoming) : Buffer.alloc(0);
    if (bytes === undefined) return context.text(`more than ${bodyBytesMax} bytes`, 413);
    context.set('posted', bytes);
    await next();
    return undefined;
  };
}

export function postedBytes(context: Context): Buffer {
  return (context as Context<Env>).get('posted');
}

/** Undefined: there is more, or it broke off and nobody reads what it is answered. */
function readUpToBound(incoming: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bodyBytesMax) {
        chunks = [];
        resolve(undefined);
      } else chunks.push(chunk);
    });
    incoming.once('end', () => resolve(Buffer.concat(chunks)));
    incoming.once('close', () => resolve(undefined));
    incoming.on('error', () => resolve(undefined));
    if (Number(incoming.headers['content-length'] ?? 0) > bodyBytesMax) resolve(undefined);
  });
}
