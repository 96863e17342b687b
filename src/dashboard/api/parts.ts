/** What the resources are made of. */
import type { Context } from 'hono';
import type { QuorateClient } from '../../client/client.js';
import type { Clock } from '../../seams/clock.js';
import type { Breaking } from '../breaking.js';
import type { ClusterFeed } from '../cluster-feed.js';
import type { OwnTraces } from '../own-traces.js';
import { postedBytes } from '../posted.js';
import type { Streams } from '../streams.js';
import type { ChartDefinition, Greeting } from '../wire.js';

export interface ApiParts {
  /** Undefined: no cluster is shown. */
  readonly live: LiveParts | undefined;
  readonly clock: Clock;
  readonly streams: Streams;
  readonly greeting: Greeting;
  /** A trace file to show. */
  readonly replayFile: string | undefined;
  readonly charts: () => Promise<readonly ChartDefinition[]>;
}

export interface LiveParts {
  readonly feed: ClusterFeed;
  readonly client: QuorateClient;
  readonly clock: Clock;
  readonly breaking: Breaking | undefined;
  readonly ownTraces: OwnTraces;
}

/** What was posted. Throws `MalformedInput`. */
export function posted(context: Context): Readonly<Record<string, unknown>> {
  let body: unknown;
  try {
    body = JSON.parse(postedBytes(context).toString('utf8'));
  } catch {
    throw new MalformedInput('what was posted is no JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new MalformedInput('what was posted is no object');
  return body as Readonly<Record<string, unknown>>;
}

/** Throws `MalformedInput` where it is missing, or none. */
export function textIn(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new MalformedInput(`${name} is no text`);
  return value;
}

/** Whoever asks is told what is wrong with it. */
export class MalformedInput extends Error {}
