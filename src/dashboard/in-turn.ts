/**
 * One request at a time on one connection. No browser sends another one before it is answered, and
 * answers that wait behind one that is not read would cost memory that nothing bounds.
 */
import type { HttpBindings } from '@hono/node-server';
import type { MiddlewareHandler } from 'hono';

/** For every request, before anything looks at it. */
export function inTurn(): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async (context, next) => {
    // An answer has the connection once those in front of it have been given.
    if (context.env.outgoing.socket === null) return context.text('one after the other', 503);
    await next();
    return undefined;
  };
}
