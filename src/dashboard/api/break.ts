/** `POST /api/break`: only where this process started the nodes. */
import { Hono } from 'hono';
import { BreakError } from '../breaking.js';
import type { BreakHow } from '../wire.js';
import { MalformedInput, posted, textIn, type LiveParts } from './parts.js';

const hows: readonly BreakHow[] = ['kill', 'pause', 'resume', 'disconnect', 'connect', 'restart'];

export function breakApi({ breaking }: LiveParts): Hono {
  const api = new Hono();
  api.post('/break', async (context) => {
    if (breaking === undefined) return context.notFound();
    const fields = posted(context);
    const how = hows.find((known) => known === fields['how']);
    if (how === undefined) throw new MalformedInput(`how is one of ${hows.join(', ')}`);
    try {
      await breaking.break({ node: textIn(fields, 'node'), how });
    } catch (error) {
      if (!(error instanceof BreakError)) throw error;
      return context.text(error.message, 409);
    }
    return context.body(null, 204);
  });
  return api;
}
