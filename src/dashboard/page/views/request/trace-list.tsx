/** Requests that were looked at, the last one first. */
import type { TraceSummary } from '../../../wire.js';
import type { NameOf } from '../../parts/names.js';
import { durationText } from '../../parts/note-text.js';
import { WindowList } from '../../parts/window-list.tsx';

export interface TraceListProps {
  readonly traces: readonly TraceSummary[];
  readonly shown: string;
  readonly nameOf: NameOf;
  readonly choose: (id: string) => void;
}

export function TraceList({ traces, shown, nameOf, choose }: TraceListProps) {
  if (traces.length === 0)
    return (
      <p class="quiet small">
        None yet. Ask above, or give any request the header <code>Kv-Trace: 1</code>, or run{' '}
        <code>quorate put --trace</code>.
      </p>
    );
  return (
    <WindowList
      label="Traced requests"
      count={traces.length}
      current={traces.findIndex(({ id }) => id === shown)}
      currentName={shown}
      choose={(index) => choose(traces[index]!.id)}
      row={(index) => {
        const { what, key, outcome, ms, nodes } = traces[index]!;
        const took = ms < 0 ? 'under way' : durationText(ms * 1000);
        const name = [what, key].filter((part) => part !== '').join(' ');
        return {
          look: 'trace',
          title: `${name}: ${outcome || 'not answered'} (${nodes.map(nameOf).join(', ')})`,
          text: (
            <>
              <span class="time">{took}</span>
              <span class="what">
                {name} <span class="quiet">{outcome}</span>
              </span>
            </>
          ),
        };
      }}
    />
  );
}
