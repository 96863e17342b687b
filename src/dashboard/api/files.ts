/** `GET /api/trace-file`: what was told, as a file. `GET /api/replay`: a file that is shown. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { dashboardLimits } from '../../../actors/rules/limits/dashboard.js';
import { traceFileText } from '../../insight/note-writer.js';
import { upName, type ChartNote, type Note } from '../../insight/notes.js';
import type { ChartInstance, ClusterPicture, NodeLabel, NodePicture } from '../wire.js';
import { traceNotes } from './traces.js';
import type { ApiParts } from './parts.js';

export function filesApi({ live, replayFile }: ApiParts): Hono<{ Bindings: HttpBindings }> {
  const api = new Hono<{ Bindings: HttpBindings }>();
  api.get('/trace-file', async (context) => {
    const id = context.req.query('trace');
    if (live === undefined) return context.text('no cluster is shown', 404);
    const { feed } = live;
    const { latest } = feed;
    const notes = id === undefined ? recorded(feed.recent, latest) : await traceNotes(live, id);
    const nodes = (latest?.nodes ?? []).map(labelOf);
    const startedMs = Math.floor(startOf(notes) / 1000);
    const text = traceFileText({ quorateTrace: 1, nodes, startedMs }, notes);
    context.header('Content-Disposition', `attachment; filename="quorate-${id ?? 'notes'}.jsonl"`);
    return context.body(text, 200, { 'Content-Type': 'application/jsonl' });
  });
  api.get('/replay', async (context) => {
    if (replayFile === undefined) return context.text('no file was given to show', 404);
    const file = await stat(replayFile).catch(() => undefined);
    if (file?.isFile() !== true) return context.text('the file is not there any more', 404);
    const { traceFileBytesMax } = dashboardLimits;
    if (file.size > traceFileBytesMax)
      return context.text(
        `it has ${megabytes(file.size)} MB, and the page takes ${megabytes(traceFileBytesMax)} MB at most. Its first lines alone are a trace file too.`,
        413,
      );
    const { outgoing } = context.env;
    outgoing.writeHead(200, { 'Content-Type': 'application/jsonl' });
    // What breaks off, the file or its reader, ends both.
    pipeline(createReadStream(replayFile), outgoing, () => undefined);
    return RESPONSE_ALREADY_SENT;
  });
  return api;
}

/** With where those charts were, from the beginning on, that have not moved since. */
function recorded(notes: readonly Note[], picture: ClusterPicture | undefined): readonly Note[] {
  if (picture === undefined) return notes;
  const moved = new Set(notes.map((note) => (note.kind === 'chart' ? instanceOf(note) : '')));
  const atUs = notes.length === 0 ? Math.round(picture.atMs * 1000) : startOf(notes);
  const still: Note[] = [];
  const add = (node: string, charts: readonly ChartInstance[] = []): void => {
    for (const { chart, instance, state, context } of charts)
      if (!moved.has(instanceOf({ node, chart, instance })))
        still.push({
          kind: 'chart',
          atUs,
          node,
          chart,
          instance,
          event: '',
          state,
          ...(context !== undefined && { context }),
        });
  };
  add(upName, picture.charts);
  for (const { id, view } of picture.nodes) add(id, view?.charts);
  return [...still, ...notes];
}

function instanceOf({ node, chart, instance }: Pick<ChartNote, 'node' | 'chart' | 'instance'>) {
  return `${node} ${chart} ${instance}`;
}

function startOf(notes: readonly Note[]): number {
  return notes.reduce((least, { atUs }) => Math.min(least, atUs), notes[0]?.atUs ?? 0);
}

function labelOf({ id, name, host, zone }: NodePicture): NodeLabel {
  return { id, name, host, zone };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
