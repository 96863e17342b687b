/** Requests under the glass: asked here or noted by the nodes, and looked at one by one. */
import './request.css';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { dashboardLimits } from '../../../../../actors/rules/limits/dashboard.js';
import type { Note, TraceSummary } from '../../../wire.js';
import { after } from '../../parts/browser.js';
import { usePage, useStore, type ViewProps } from '../../page.js';
import { namesOf } from '../../parts/names.js';
import { hashOf } from '../../route.js';
import type { Source } from '../../source.js';
import { AskForm } from './ask-form.tsx';
import { GlassView } from './glass-view.tsx';
import { meanwhileIn } from './meanwhile.js';
import { TraceList } from './trace-list.tsx';

export function RequestView({ path }: ViewProps) {
  const { source, picture } = useStore();
  const page = usePage();
  const [id = ''] = path;
  const traces = useTraces(source);
  const { notes, isMeanwhile } = useTrace(source, id);
  const nodes = useMemo(() => picture?.nodes ?? [], [picture]);
  const named = useMemo(
    () => nodes.map(({ id, name, host, zone }) => ({ id, name, host, zone })),
    [nodes.map(({ id, name }) => `${id} ${name}`).join()],
  );
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
      </div>
      <div class="stack">
        {isMeanwhile && (
          <p class="notice small">
            No node was asked to note its part in it: what is shown besides is what all did
            meanwhile.
          </p>
        )}
        {id === '' ? <Nothing /> : notes && <GlassView id={id} notes={notes} nodes={named} />}
      </div>
    </section>
  );
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
  useRepeated(source, async () => {
    const told = await source.traces();
    setTraces(told.toSorted((a, b) => b.atUs - a.atUs));
  });
  return traces;
}

interface Shown {
  readonly notes: readonly Note[] | undefined;
  readonly isMeanwhile: boolean;
}

function useTrace(source: Source, id: string): Shown {
  const [told, setTold] = useState<{ readonly id: string; readonly notes: readonly Note[] }>();
  useRepeated(
    source,
    async () => {
      if (id === '') return;
      const notes = await source.trace(id);
      setTold((before) =>
        before?.id === id && before.notes.length === notes.length ? before : { id, notes },
      );
    },
    id,
  );
  return useMemo(() => {
    if (told === undefined || told.id !== id) return { notes: undefined, isMeanwhile: false };
    const meanwhile = meanwhileIn(told.notes, source.player?.notes ?? []);
    return { notes: meanwhile ?? told.notes, isMeanwhile: meanwhile !== undefined };
  }, [told, id, source]);
}

/** Once, and again and again where nodes go on. */
function useRepeated(source: Source, work: () => Promise<void>, about = ''): void {
  useEffect(() => {
    let stop = (): void => {};
    let isOver = false;
    const again = (): void => {
      if (!isOver && source.kind === 'live') stop = after(dashboardLimits.tracesAgainMs, run);
    };
    const run = (): void => void work().then(again, again);
    run();
    return () => {
      isOver = true;
      stop();
    };
  }, [source, about]);
}
