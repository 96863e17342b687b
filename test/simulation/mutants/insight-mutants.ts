/**
 * What a node notes of itself and tells who watches. Requests are the same whatever of it is wrong,
 * so each of these fails a test.
 */
import type { Mutant } from './mutant.js';

const watchers = 'src/insight/watchers.js';
const recorder = 'src/insight/trace-recorder.js';

export const insightMutants: readonly Mutant[] = [
  // Who watches.
  {
    name: 'watchers-told-at-any-subject',
    test: 'unit/insight/verb',
    file: 'src/insight/asks.js',
    find: '&& oneSubject.test(to)',
    replace: '',
  },
  {
    name: 'leases-never-end',
    test: 'unit/insight/watchers',
    file: watchers,
    find: 'if (lease.untilMs <= nowMs)',
    replace: 'if (false)',
  },
  {
    name: 'left-out-unsaid',
    test: 'unit/insight/watchers',
    file: watchers,
    find: 'lease.dropped++;\n}',
    replace: ';\n}',
  },
  {
    name: 'all-rounds-shown',
    test: 'unit/insight/watchers',
    file: 'src/seams/shown-share.js',
    find: 'if (this.left < 1)',
    replace: 'if (false)',
  },
  {
    name: 'unshown-told-twice',
    test: 'unit/insight/watchers',
    file: watchers,
    find: 'lease.unshown = unshownNow;',
    replace: '',
  },

  // Traces.
  {
    name: 'rounds-under-glass-shown-twice',
    test: 'unit/insight/traces',
    file: 'src/coordinator/traced-round.js',
    find: 'traces.travelling.length === 0',
    replace: 'true',
  },
  {
    name: 'traces-shown-in-part',
    test: 'unit/insight/sampling',
    file: recorder,
    find: 'if (trace.isShown)',
    replace: 'if (this.shows())',
  },
  {
    name: 'traces-without-end',
    test: 'unit/insight/sampling',
    file: recorder,
    find: 'trace.notes.length >= insightLimits.traceNotesMax',
    replace: 'false',
  },
  {
    name: 'refused-writes-watched-for-ever',
    test: 'unit/insight/trace-recorder',
    file: recorder,
    find: 'this.writeIsOver();\n            throw error;',
    replace: 'throw error;',
  },
  {
    name: 'syncs-of-others-noted',
    test: 'unit/insight/trace-recorder',
    file: recorder,
    find: ' && lastWrite !== before',
    replace: '',
  },
  {
    name: 'owed-to-everybody',
    test: 'unit/insight/key-copies',
    file: 'src/insight/key-copies.js',
    find: 'store.hints.owedTo(storageKey)',
    replace: 'store.hints.targets()',
  },
  {
    name: 'clocks-of-others-trusted',
    test: 'unit/insight/alignment',
    file: 'src/insight/alignment.js',
    find: 'atUs: Math.max(0, note.atUs + shift)',
    replace: 'atUs: note.atUs',
  },
  {
    name: 'events-told-twice',
    test: 'unit/insight/timeline',
    file: 'src/insight/timeline.js',
    find: 'const from = Math.max(after, oldest) - this.forgotten;',
    replace: 'const from = oldest - this.forgotten;',
  },
];
