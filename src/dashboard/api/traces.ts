/**
 * What nodes remember, gathered from all of them: the time line, requests under the glass, and
 * which requests come there by themselves.
 */
import { Hono } from 'hono';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { insightLimits } from '../../../actors/rules/limits/insight.js';
import { notesAmong } from '../../insight/note-reader.js';
import { aligned } from '../../insight/alignment.js';
import { clientName, isTraceId, type Note } from '../../insight/notes.js';
import { isFields, type Fields } from '../fields.js';
import type { Sampling, TraceSummary } from '../wire.js';
import { MalformedInput, posted, type LiveParts } from './parts.js';

export function tracesApi(live: LiveParts): Hono {
  const { feed } = live;
  const api = new Hono();
  api.get('/timeline', async (context) => {
    const answers = await feed.askAll({ ask: 'timeline', after: 0 });
    const notes = notesIn(answers);
    return context.json(notes.slice(-dashboardLimits.timelineNotesMax));
  });
  api.get('/traces', async (context) =>
    context.json(summariesIn(await feed.askAll({ ask: 'traces' }))),
  );
  api.get('/trace/:id', async (context) =>
    context.json(await traceNotes(live, context.req.param('id'))),
  );
  api.get('/sampling', (context) => context.json(feed.sampling));
  api.post('/sample', async (context) => {
    const sampling = samplingIn(posted(context));
    await feed.sample(sampling);
    return context.json(sampling);
  });
  return api;
}

/**
 * Of all nodes, and of the client of this process where the request was its own, in the order of
 * their times. Throws `MalformedInput`.
 */
export async function traceNotes({ feed, ownTraces }: LiveParts, id: string): Promise<Note[]> {
  if (!isTraceId(id)) throw new MalformedInput('a trace has 16 hex digits');
  const answers = await feed.askAll({ ask: 'trace', id });
  return aligned([...ownTraces.notesOf(id), ...notesIn(answers)], clientName);
}

function notesIn(answers: ReadonlyMap<string, Fields>): Note[] {
  const told = [...answers.values()].flatMap(({ notes }) => notesAmong(notes));
  return told.sort((a, b) => a.atUs - b.atUs);
}

/** Each trace once, the latest first; what its coordinator says of it counts. */
function summariesIn(answers: ReadonlyMap<string, Fields>): TraceSummary[] {
  const byId = new Map<string, TraceSummary>();
  for (const [node, { traces }] of answers)
    for (const row of Array.isArray(traces) ? traces : []) {
      const trace = summaryOf(row, node);
      if (trace === undefined) continue;
      const other = byId.get(trace.id);
      byId.set(trace.id, other === undefined ? trace : joined(other, trace));
    }
  return [...byId.values()].sort((a, b) => b.atUs - a.atUs);
}

function summaryOf(row: Fields[string], node: string): TraceSummary | undefined {
  if (!isFields(row)) return undefined;
  const { id, atUs, what, key, outcome, ms } = row;
  if (!isTraceId(id) || !Number.isSafeInteger(atUs)) return undefined;
  return {
    id,
    atUs: Number(atUs),
    what: text(what),
    key: text(key),
    outcome: text(outcome),
    ms: typeof ms === 'number' ? ms : 0,
    nodes: [node],
  };
}

function text(value: Fields[string] | undefined): string {
  return typeof value === 'string' ? value : '';
}

function joined(one: TraceSummary, other: TraceSummary): TraceSummary {
  const told = other.outcome !== '' && (one.outcome === '' || other.ms > one.ms) ? other : one;
  return {
    ...told,
    what: told.what || one.what || other.what,
    key: told.key || one.key || other.key,
    atUs: Math.min(one.atUs, other.atUs),
    nodes: [...one.nodes, ...other.nodes],
  };
}

function samplingIn(fields: Readonly<Record<string, unknown>>): Sampling {
  const { rate, slowMs, failed } = fields;
  const { slowMsMax } = insightLimits;
  const isRate = typeof rate === 'number' && rate >= 0 && rate <= 1;
  const isTime = Number.isSafeInteger(slowMs) && Number(slowMs) >= 0 && Number(slowMs) <= slowMsMax;
  if (!isRate || !isTime || typeof failed !== 'boolean')
    throw new MalformedInput(`rate is 0 to 1, slowMs 0 to ${slowMsMax}, failed yes or no`);
  return { rate, slowMs: Number(slowMs), failed };
}
