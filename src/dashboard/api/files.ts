/** `GET /api/trace-file`: what was told, as a file. `GET /api/replay`: a file that is shown. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { traceFileText } from '../../insight/note-writer.js';
import { traceNotes } from './traces.js';
import type { ApiParts } from './parts.js';

export function filesApi({ live, replayFile }: ApiParts): Hono<{ Bindings: HttpBindings }> {
  const api = new Hono<{ Bindings: HttpBindings }>();
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
    const file = await stat(replayFile).catch(() => undefined);
    if (file?.isFile() !== true) return context.text('the file is not there any more', 404);
    const { traceFileBytesMax } = dashboardLimits;
    if (file.size > traceFileBytesMax)
      return context.text(`it has ${file.size} bytes, and ${traceFileBytesMax} can be shown`, 413);
    const { outgoing } = context.env;
    outgoing.writeHead(200, { 'Content-Type': 'application/jsonl' });
    // What breaks off, the file or its reader, ends both.
    pipeline(createReadStream(replayFile), outgoing, () => undefined);
    return RESPONSE_ALREADY_SENT;
  });
  return api;
}
