/** What an author has seen, as tests write it down: often a plain context. */
import { seenAll, type Context, type SeenContext } from '../../actors/rules/versions.js';

export type Seen = Context | SeenContext | undefined;

export function seenOf(seen: Seen): SeenContext | undefined {
  return seen === undefined || 'vector' in seen ? seen : seenAll(seen);
}
