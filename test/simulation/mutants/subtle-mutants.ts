/**
 * Thirty slips of the kind that reviews miss: a bound off by one, a condition left out, an order
 * swapped, a case forgotten. Over every folder that decides, and written before anybody looked
 * which of them are caught: their share of deaths measures the simulator.
 */
import type { Mutant } from './mutant.js';

const versions = 'actors/rules/versions.js';
const putLedger = 'actors/coordinator/put-ledger.js';
const peer = 'actors/failure-detector/peer.machine.js';
const delivery = 'src/replica/hint-delivery.js';

export const subtleMutants: readonly Mutant[] = [
  // Rules.
  {
    name: 'one-write-behind-taken-for-equal',
    test: 'unit/rules/versions',
    file: versions,
    find: 'other.counter < entry.counter',
    replace: 'other.counter + 1 < entry.counter',
  },
  {
    name: 'dots-claim-what-lies-before',
    test: 'unit/rules/author-context',
    file: 'actors/rules/view.js',
    find: 'if (counter === dot.counter - 1)',
    replace: 'if (counter < dot.counter)',
  },
  {
    name: 'one-primary-agrees-to-forget',
    in: 'burying',
    file: 'actors/rules/collection.js',
    find: 'survey.primaries.every((node) => holders.includes(node))',
    replace: 'survey.primaries.some((node) => holders.includes(node))',
  },
  {
    name: 'witnesses-need-no-own-silence',
    file: 'actors/rules/suspicion.js',
    find: 'return silent && (absentAtMs !== undefined || witnesses.size > 0);',
    replace: 'return (silent && absentAtMs !== undefined) || witnesses.size > 0;',
  },
  {
    name: 'told-clock-outlives-its-process',
    file: 'actors/rules/told-clock.js',
    find: 'if (known?.process !== process)',
    replace: 'if (known === undefined)',
  },

  // Coordinator, as charts and ledgers.
  {
    name: 'last-answer-says-whether-they-differ',
    file: 'actors/coordinator/get-ledger.js',
    find: 'const differs = ledger.differs || answer.differs;',
    replace: 'const differs = answer.differs;',
  },
  {
    name: 'lost-fallback-not-replaced',
    in: 'wandering',
    file: putLedger,
    find: 'standIn(draft, owedTo ?? seat.node);',
    replace: 'standIn(draft, seat.node);',
  },
  {
    name: 'asked-fallback-counts-at-the-end',
    in: 'wandering',
    file: putLedger,
    find: 'if (node !== ledger.plan.self && !isServed(draft, node))',
    replace: 'if (node !== ledger.plan.self && !hasAcked(draft, node) && !hasStandIn(draft, node))',
  },

  // Replica, as charts.
  {
    name: 'pushes-one-batch-a-visit',
    test: 'unit/replica/tree-exchange',
    file: 'actors/replica/tree-exchange.machine.js',
    find: "{ target: 'pushing', reenter: true }",
    replace: "{ target: 'pushing' }",
  },
  {
    name: 'forgets-here-before-others-have',
    test: 'model/collection',
    file: 'actors/replica/collection.machine.js',
    find: "entry: 'tellOthersToForget',",
    replace: "entry: ['forgetHere', 'tellOthersToForget'],",
  },

  // Failure detector.
  {
    name: 'silence-of-a-suspect-not-noted',
    test: 'model/peer',
    file: peer,
    find: "'peer.heard': 'alive',\n                        'peer.silent': { guard: 'isHeard', actions: ['noteSilence', 'probe'] },",
    replace:
      "'peer.heard': 'alive',\n                        'peer.silent': { actions: ['probe'] },",
  },
  {
    name: 'old-absence-a-second-source',
    test: 'model/peer',
    file: peer,
    find: "actions: ['dropAbsence', 'believeThere', 'tellAgain']",
    replace: "actions: ['believeThere', 'tellAgain']",
  },
  {
    name: 'watch-stays-suspended',
    file: 'actors/membership/gossip.machine.js',
    find: "exit: 'resume',",
    replace: '',
  },

  // Coordinator.
  {
    name: 'usual-put-forgets-copies',
    file: 'src/coordinator/minting.js',
    find: 'hasCopies(span, writtenAtMs) ||',
    replace: '',
  },
  {
    name: 'later-copies-keep-what-was-seen',
    file: 'src/coordinator/earlier-copies.js',
    find: 'sibling.writtenAtMs > askedMs && !hasSeen(seen, sibling.dot)',
    replace: 'sibling.writtenAtMs > askedMs',
  },
  {
    name: 'equal-answers-never-repaired',
    file: 'src/coordinator/read-repair.js',
    find: '!sameState(held.get(i) ?? keys.own(i), keys.merged(i))',
    replace: '!sameState(held.get(i) ?? keys.merged(i), keys.merged(i))',
  },
  {
    name: 'second-round-builds-on-old-states',
    file: 'src/coordinator/put-round-starter.js',
    find: 'this.begin(draft, batch, ledger);\n                known = undefined;',
    replace: 'this.begin(draft, batch, ledger);',
  },

  // Replica.
  {
    name: 'last-batch-speaks-for-all',
    in: 'wandering',
    file: delivery,
    find: "open = answer.kind === 'ok' ? open - 1 : 0;",
    replace: 'open -= 1;',
  },
  {
    name: 'rehomed-to-nobody',
    in: 'wandering',
    file: 'actors/rules/routing.js',
    find: 'if (others.length === 0)',
    replace: 'if (others.length < 0)',
  },
  {
    name: 'cut-answer-skips-a-key',
    file: 'src/replica/read-handler.js',
    find: 'call.ok(foundBody(indexes, states, i));',
    replace: 'call.ok(foundBody(indexes, states, i + 1));',
  },

  // Ways in.
  {
    name: 'last-writers-not-ordered',
    file: 'src/api/put-ordering.js',
    find: "conflict === 'last-writer-wins',",
    replace: 'false,',
  },
  {
    name: 'unknown-forwards-begun-anew',
    test: 'unit/api/put-ordering',
    file: 'src/api/forward.js',
    find: "reply.error instanceof UnavailableError && reply.error.outcome === 'none'",
    replace: 'reply.error instanceof UnavailableError',
  },
  {
    name: 'late-frames-have-their-whole-time',
    file: 'src/api/frame-rows.js',
    find: 'Math.min(nowMs + timeoutMs, until?.ms ?? Infinity)',
    replace: 'nowMs + timeoutMs',
  },

  // Membership.
  {
    name: 'agreement-forgotten-at-a-restart',
    in: 'founding',
    file: 'actors/membership/membership.machine.js',
    find: "{ guard: 'hadAgreed', target: '#confirming', actions: 'open' },",
    replace: '',
  },
  {
    name: 'last-recall-speaks-for-all',
    test: 'unit/rules/identity',
    file: 'actors/rules/identity.js',
    find: 'return { generation, epochs: Math.max(a.epochs, b.epochs) };',
    replace: 'return { generation, epochs: b.epochs };',
  },

  // Store.
  {
    name: 'oldest-frozen-word-counts',
    file: 'src/store/memtables.js',
    find: 'for (let i = this.frozen.length - 1; i >= 0; i--)',
    replace: 'for (let i = 0; i < this.frozen.length; i++)',
  },
  {
    name: 'first-entry-behind-a-flush-skipped',
    in: 'forgetful',
    file: 'src/store/recovery.js',
    find: 'coveredOf[partition] >= sequence',
    replace: 'coveredOf[partition] + 1 >= sequence',
  },
  {
    name: 'barrier-waits-for-the-group-under-way',
    in: 'forgetful',
    file: 'src/store/commit-log.js',
    find: 'const group = this.queue.at(-1) ?? this.writing;',
    replace: 'const group = this.writing ?? this.queue.at(-1);',
  },

  // Bus.
  {
    name: 'questions-dated-when-answered',
    file: 'src/bus/hearing.js',
    find: 'this.askedMs = askedMs;',
    replace: 'this.askedMs = nowMs;',
  },

  // Client.
  {
    name: 'earlier-try-forgotten-at-the-deadline',
    test: 'unit/client/client',
    file: 'src/client/pending.js',
    find: 'const mayShow = mayBeStoredAfter(request, outcome);',
    replace: "const mayShow = outcome === 'unknown' && request.kind === 'put';",
  },
  {
    name: 'tries-of-unknown-outcome-not-copies',
    file: 'src/client/request.js',
    find: 'this.tried(failure.outcome);',
    replace: "this.tried('none');",
  },
];
