/** Requests under the glass: asked here or noted by the nodes, and looked at one by one. */
import './request.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { NodeLabel, Note, TraceSummary } from '../../../wire.js';
import { after } from '../../parts/browser.js';
import { usePage, useStore, type ViewProps } from '../../page.js';
import { namesOf } from '../../parts/names.js';
import { hashOf } from '../../route.js';
import type { Source } from '../../source.js';
import { AskForm } from './ask-form.tsx';
import { GlassView } from './glass-view.tsx';
import { meanwhileIn } from './meanwhile.js';
import { SamplingForm } from './sampling-form.tsx';
import { TraceList } from './trace-list.tsx';

export function RequestView({ path }: ViewProps) {
  const { source, picture } = useStore();
  const page = usePage();
  const [id = ''] = path;
  const traces = useTraces(source);
  const { notes, isMeanwhile, failure } = useTrace(source, id);
  const nodes = useMemo(() => picture?.nodes ?? [], [picture]);
  const named = useMemo(
    () => nodes.map(({ id, name, host, zone }) => ({ id, name, host, zone })),
    [nodes.map(({ id, name }) => `${id} ${name}`).join()],
  );
  const glass = useGlass(id, notes, named);
  return (
    <section class="request" aria-labelledby="request-view">
      <h2 id="request-view" class="only-read">
        Request
      </h2>
      <div class="stack side">
        {source.cluster !== undefined && (
          <AskForm cluster={source.cluster} asked={choose} say={(text) => page.say(text)} />
        )}
        <h3>Traced requests</h3>
        <TraceList traces={traces} shown={id} nameOf={namesOf(named)} choose={choose} />
        {source.cluster !== undefined && (
          <SamplingForm cluster={source.cluster} say={(text) => page.say(text)} />
        )}
      </div>
      <div class="stack">
        {isMeanwhile && (
          <p class="notice small">
            No node was asked to note its part in it: what is shown besides is what all did
            meanwhile.
          </p>
        )}
        {failure !== undefined && <p class="failure">{failure}</p>}
        {glass}
      </div>
    </section>
  );
}

/** Of a request there may be a thousand moments, and something comes in many times a second. */
function useGlass(id: string, notes: readonly Note[] | undefined, nodes: readonly NodeLabel[]) {
  return useMemo(() => {
    if (id === '') return <Nothing />;
    return notes && <GlassView id={id} notes={notes} nodes={nodes} />;
  }, [id, notes, nodes]);
}

function choose(trace: string): void {
  location.hash = hashOf('request', trace);
}

function Nothing() {
  return (
    <p class="quiet">
      Choose a request, or ask for something: you see who was asked, who answered when, what the
      disks did, which verdict it came to, and what happened after the reply.
    </p>
  );
}

function useTraces(source: Source): readonly TraceSummary[] {
  const [traces, setTraces] = useState<readonly TraceSummary[]>([]);
  useRepeated(source, '', {
    ask: () => source.traces(),
    take: (told) => setTraces(told.toSorted((a, b) => b.atUs - a.atUs)),
    // What was told before stays.
    failed: () => undefined,
  });
  return traces;
}

interface Shown {
  readonly notes: readonly Note[] | undefined;
  readonly isMeanwhile: boolean;
  /** Why it could not be asked for just now. */
  readonly failure: string | undefined;
}

function useTrace(source: Source, id: string): Shown {
  const [told, setTold] = useState<{ readonly id: string; readonly notes: readonly Note[] }>();
  const [failure, setFailure] = useState<string>();
  useRepeated(source, id, {
    ask: async () => (id === '' ? [] : source.trace(id)),
    take: (notes) => {
      setFailure(undefined);
      setTold((before) =>
        before?.id === id && before.notes.length === notes.length ? before : { id, notes },
      );
    },
    failed: ({ message }) => setFailure(message),
  });
  return useMemo(() => {
    if (told?.id !== id) return { notes: undefined, isMeanwhile: false, failure };
    const meanwhile = meanwhileIn(told.notes, source.player?.notes ?? []);
    return { notes: meanwhile ?? told.notes, isMeanwhile: meanwhile !== undefined, failure };
  }, [told, id, source, failure]);
}

interface Asking<T> {
  readonly ask: () => Promise<T>;
  readonly take: (told: T) => void;
  readonly failed: (why: Error) => void;
}

/** Once, and again and again where nodes go on; what comes too late for `about` is not taken. */
function useRepeated<T>(source: Source, about: string, { ask, take, failed }: Asking<T>): void {
  useEffect(() => {
    let stop = (): void => {};
    let isOver = false;
    const settle = (work: () => void): void => {
      if (isOver) return;
      work();
      if (source.kind === 'live') stop = after(dashboardLimits.tracesAgainMs, run);
    };
    const run = (): void =>
      void ask().then(
        (told) => settle(() => take(told)),
        (error: Error) => settle(() => failed(error)),
      );
    run();
    return () => {
      isOver = true;
      stop();
    };
  }, [source, about]);
}
