/** Saves what is on the screen of a film: its last moments, as long as the sequence shows. */
import { download } from '../../parts/download.js';
import { durationText } from '../../parts/note-text.js';
import { savedPerfetto, savedSvg, savedTrace, type Saved } from './saved.js';

export function Saving({ saved }: { readonly saved: Saved }) {
  const { shown, fromUs } = saved;
  const name = `quorate-${Math.round(fromUs)}-${Math.round(shown.atUs)}`;
  const what = `the last ${durationText(shown.atUs - fromUs)}`;
  return (
    <div class="row" role="group" aria-label={`Save ${what}`}>
      <button
        type="button"
        class="small"
        title={`Save ${what} as a drawing`}
        onClick={() => download(`${name}.svg`, 'image/svg+xml', savedSvg(saved))}
      >
        ↓ SVG
      </button>
      <button
        type="button"
        class="small"
        title={`Save ${what} for Chrome and Perfetto`}
        onClick={() => download(`${name}.json`, 'application/json', savedPerfetto(saved))}
      >
        ↓ Perfetto
      </button>
      <button
        type="button"
        class="small"
        title={`Save ${what} as a trace file`}
        onClick={() => download(`${name}.jsonl`, 'application/jsonl', savedTrace(saved))}
      >
        ↓ Trace file
      </button>
    </div>
  );
}
