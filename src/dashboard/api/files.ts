/** `GET /api/trace-file`: what was told, as a file. `GET /api/replay`: a file that is shown. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { traceFileText } from '../../insight/note-writer.js';
import { traceNotes } from './traces.js';
import type { ApiParts } from './parts.js';

export function filesApi({ live, replayFile }: ApiParts): Hono {
  const api = new Hono();
  api.get('/trace-file', async (context) => {
    const id = context.req.query('trace');
    if (live === undefined) return context.text('no cluster is shown', 404);
    const { feed } = live;
    const notes = id === undefined ? feed.recent : await traceNotes(live, id);
    const sorted = notes.toSorted((a, b) => a.atUs - b.atUs);
    const nodes = (feed.latest?.nodes ?? []).map(({ id, name, host, zone }) => ({
      id,
      name,
      host,
      zone,
    }));
    const startedMs = Math.floor((sorted[0]?.atUs ?? 0) / 1000);
    const text = traceFileText({ quorateTrace: 1, nodes, startedMs }, sorted);
    context.header('Content-Disposition', `attachment; filename="quorate-${id ?? 'notes'}.jsonl"`);
    return context.body(text, 200, { 'Content-Type': 'application/jsonl' });
  });
  api.get('/replay', async (context) => {
    if (replayFile === undefined) return context.text('no file was given to show', 404);
    const { size } = await stat(replayFile);
    const { traceFileBytesMax } = dashboardLimits;
    if (size > traceFileBytesMax)
      return context.text(
        `it has ${megabytes(size)} MB, and the page takes ${megabytes(traceFileBytesMax)} MB at most. Its first lines alone are a trace file too.`,
        413,
      );
    const bytes = Readable.toWeb(createReadStream(replayFile)) as ReadableStream;
    return context.body(bytes, 200, { 'Content-Type': 'application/jsonl' });
  });
  return api;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
