/** Rows of a frame under the glass: those that say so, and those that are drawn. */
import type { GetRequest, PutRequest } from '../coordinator/coordinator.js';
import { tracedGet, tracedPut } from '../coordinator/traced-request.js';
import { clientName } from '../insight/notes.js';
import type { TracedRequest, TraceMark, Tracing } from '../seams/tracing.js';
import type { TracesColumn } from '../wire/frames.js';
import { shownNames } from '../wire/shown-bytes.js';

export class FrameGlass {
  constructor(
    private readonly tracing: Tracing,
    private readonly traces: TracesColumn | undefined,
    /** Who sent the frame. */
    private readonly from: string,
  ) {}

  put(request: PutRequest, row: number): PutRequest {
    const trace = this.markOf(request, row, request.value === null ? 'delete' : 'put');
    return trace === undefined ? request : tracedPut(request, trace, this.tracing);
  }

  get(request: GetRequest, row: number): GetRequest {
    const trace = this.markOf(request, row, 'get');
    return trace === undefined ? request : tracedGet(request, trace, this.tracing);
  }

  private markOf(
    request: PutRequest | GetRequest,
    row: number,
    what: TracedRequest['what'],
  ): TraceMark | undefined {
    const { tracing, traces, from } = this;
    const id = traces?.[row] ?? undefined;
    // What another node has passed on was drawn there, or was not.
    if (id === undefined && !(tracing.isSampling && from === clientName)) return undefined;
    const asked = { what, ...shownNames(request), from };
    return id === undefined ? tracing.sample(asked) : tracing.begin(asked, id);
  }
}
