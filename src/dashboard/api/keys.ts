/** `GET /api/keys/:bucket` and `/api/key`: what nodes hold, and where it belongs. */
import { Hono } from 'hono';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { partitionOf } from '../../../actors/rules/key.js';
import { placementOf } from '../../../actors/rules/placement.js';
import { bucketOf, keyOf } from '../../client/bucket-options.js';
import { UnavailableError } from '../../errors.js';
import type { PlainValue } from '../../insight/notes.js';
import { layoutOf, type RingMessage } from '../../wire/ring-message.js';
import { isFields, type Fields } from '../fields.js';
import type { KeyCopy, KeyPicture, KeysPage, SiblingPicture } from '../wire.js';
import type { LiveParts } from './parts.js';

export function keysApi({ feed }: LiveParts): Hono {
  const api = new Hono();
  api.get('/keys/:bucket', async (context) => {
    const bucket = context.req.param('bucket');
    bucketOf(bucket);
    const after = context.req.query('after') ?? '';
    const limit = dashboardLimits.keysPageMax;
    const answers = await feed.askAll({ ask: 'keys', bucket, after, limit });
    const told = new Map([...answers].filter(([, { error }]) => error === undefined));
    // Of keys that nobody was asked for nothing is known: that is not that there are none.
    return told.size === 0 ? context.text(nobodyTells, 502) : context.json(pageOf(told));
  });
  api.get('/key', async (context) => {
    const { bucket = '', key = '' } = context.req.query();
    const name = { bucket: bucketOf(bucket), key: keyOf(key) };
    const ring = await feed.ringNow();
    if (ring === undefined) throw new UnavailableError('no node answers');
    const answers = await feed.askAll({ ask: 'key', bucket, key });
    const picture: KeyPicture = {
      bucket,
      key,
      ...placeOf(name, bucket, ring),
      copies: copiesOf(answers),
    };
    return context.json(picture);
  });
  return api;
}

const nobodyTells =
  'No node says which keys it holds: they are down, or the dashboard does not know their password.';

/**
 * Each key once. All nodes go through their keys in one order, and what `next` names is a place in
 * that: one that has more to tell knows nothing of others' keys beyond its own, so the next page
 * begins at the first of these places, and may tell some keys again.
 */
function pageOf(answers: ReadonlyMap<string, Fields>): KeysPage {
  const keys = new Set<string>();
  let first: { readonly next: string; readonly place: string } | undefined;
  for (const { keys: told, next } of answers.values()) {
    const own = Array.isArray(told) ? told.filter((key) => typeof key === 'string') : [];
    for (const key of own) keys.add(key);
    if (typeof next !== 'string' || next === '') continue;
    // Its text is not in the order of its bytes.
    const place = Buffer.from(next, 'base64url').toString('latin1');
    if (first === undefined || place < first.place) first = { next, place };
  }
  return { keys: [...keys], next: first?.next ?? null };
}

function placeOf(
  name: { readonly bucket: string; readonly key: string },
  bucket: string,
  ring: RingMessage,
): Pick<KeyPicture, 'partition' | 'primaries' | 'incoming' | 'readers' | 'fallbacks'> {
  const partition = partitionOf(name, ring.groupOf.length);
  const n = ring.buckets.find(([own]) => own === bucket)?.[1] ?? ring.n;
  const { primaries, incoming, readers, fallbacks } = placementOf(layoutOf(ring), partition, n);
  return { partition, primaries, incoming, readers, fallbacks };
}

function copiesOf(answers: ReadonlyMap<string, Fields>): KeyCopy[] {
  return [...answers].map(([node, answer]) => copyOf(node, answer));
}

function copyOf(node: string, { error, held, context, siblings, owedTo }: Fields): KeyCopy {
  const targets = Array.isArray(owedTo) ? owedTo.filter((id) => typeof id === 'string') : [];
  return {
    node,
    isHeld: held === true,
    context: (context ?? null) as PlainValue,
    siblings: (Array.isArray(siblings) ? siblings : []).flatMap((one) => siblingOf(one) ?? []),
    ...(targets.length > 0 && { owedTo: targets }),
    ...(error !== undefined && { error: typeof error === 'string' ? error : 'no answer' }),
  };
}

function siblingOf(value: Fields[string]): SiblingPicture | undefined {
  if (!isFields(value)) return undefined;
  const { dot, bytes, value: shown, tombstone } = value;
  return {
    dot: typeof dot === 'string' ? dot : JSON.stringify(dot ?? null),
    bytes: typeof bytes === 'number' ? bytes : 0,
    ...(typeof shown === 'string' && { value: shown }),
    isTombstone: tombstone === true,
  };
}
