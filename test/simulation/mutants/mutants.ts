/**
 * Wrong versions of the product, to see that tests would notice. Each replaces one passage of a
 * compiled file while it is loaded (`loader.ts`), in a process of its own: nothing of this exists
 * in what is shipped. A passage that is not found exactly once is an error, so mutants can't rot
 * unseen.
 */
import { consensusMutants } from './consensus-mutants.js';
import { dataMutants } from './data-mutants.js';
import { detectorMutants } from './detector-mutants.js';
import { edgeMutants } from './edge-mutants.js';
import { insightMutants } from './insight-mutants.js';
import { movingMutants } from './moving-mutants.js';
import type { Mutant } from './mutant.js';
import { recoveryMutants } from './recovery-mutants.js';
import { subtleMutants } from './subtle-mutants.js';

const versions = 'actors/rules/versions.js';
const quorum = 'actors/rules/quorum.js';
const putLedger = 'actors/coordinator/put-ledger.js';
const putRound = 'src/coordinator/put-round-runner.js';
const epochs = 'src/store/epochs.js';
const changes = 'src/store/changes.js';
const commitLog = 'src/store/commit-log.js';
const hintLedger = 'src/store/hint-ledger.js';
const delivery = 'src/replica/hint-delivery.js';
const lifecycle = 'actors/replica/lifecycle.machine.js';

export const mutants: readonly Mutant[] = [
  // Versions.
  {
    name: 'merge-drops-theirs',
    file: versions,
    find: 'if (!covers(left.context, sibling.dot))',
    replace: 'if (!covers(left.context, sibling.dot) && left.siblings.length === 0)',
  },
  {
    name: 'merge-keeps-covered',
    file: versions,
    find: 'else if (!covers(right.context, sibling.dot))',
    replace: 'else if (true)',
  },
  {
    name: 'mint-drops-unseen',
    file: versions,
    find: 'const isReplaced = (sibling) => hasSeen(seen, sibling.dot) && stays?.(sibling) !== true;',
    replace: 'const isReplaced = () => true;',
  },
  {
    name: 'mint-keeps-seen',
    file: versions,
    find: 'const isReplaced = (sibling) => hasSeen(seen, sibling.dot) && stays?.(sibling) !== true;',
    replace: 'const isReplaced = () => false;',
  },
  {
    name: 'mint-forgets-context',
    in: 'lagging',
    file: versions,
    find: 'context: mergeContexts(local.context, [dot]),',
    replace: 'context: [dot],',
  },
  {
    name: 'author-context-hides-unseen',
    file: 'actors/rules/view.js',
    find: 'const claimed = followsAll',
    replace: 'const claimed = true',
  },
  {
    name: 'author-context-claims-all-that-is-gone',
    file: 'actors/rules/view.js',
    find: ': seen.vector;',
    replace:
      ': mergeContexts(state.context.flatMap((entry) => { const first = siblings.find((sibling) => sibling.dot.actor === entry.actor && !isKnown(sibling.dot)); return first === undefined ? [entry] : first.dot.counter > 1 ? [{ actor: entry.actor, counter: first.dot.counter - 1 }] : []; }), seen.vector);',
  },
  {
    name: 'claims-not-looked-up',
    in: 'lagging',
    file: 'src/coordinator/minting.js',
    find: 'if (isUnknown)',
    replace: 'if (false)',
  },
  {
    name: 'own-write-not-claimed',
    file: 'actors/rules/view.js',
    find: 'const isKnown = (other) => sameDot(other, dot) || hasSeen(seen, other);',
    replace: 'const isKnown = (other) => hasSeen(seen, other);',
  },
  {
    name: 'unfound-claims-dropped',
    file: 'actors/rules/view.js',
    find: 'isAllFound ? within(given, state.context) : given',
    replace: 'within(given, state.context)',
  },
  {
    name: 'part-taken-for-all',
    file: 'src/coordinator/minting.js',
    find: 'const seenPartly = request.found !== undefined &&',
    replace: 'const seenPartly = false &&',
  },
  {
    name: 'first-writer-wins',
    file: 'actors/rules/view.js',
    find: 'sibling.writtenAtMs > last.writtenAtMs ||',
    replace: 'sibling.writtenAtMs < last.writtenAtMs ||',
  },
  {
    name: 'expired-still-shows',
    file: 'actors/rules/view.js',
    find: 'return sibling.expiresAtMs !== 0 && sibling.expiresAtMs <= nowMs ? null : sibling.value;',
    replace: 'return sibling.value;',
  },
  {
    name: 'expires-too-early',
    file: 'actors/rules/view.js',
    find: 'return sibling.expiresAtMs !== 0 && sibling.expiresAtMs <= nowMs ? null : sibling.value;',
    replace: 'return sibling.expiresAtMs !== 0 ? null : sibling.value;',
  },
  // Epochs.
  {
    name: 'epoch-reused-after-crash',
    test: 'unit/store/epochs',
    file: epochs,
    find: 'decodeEpochs(row).leaseEnd;',
    replace: 'decodeEpochs(row).leaseEnd - storeLimits.epochsLeased;',
  },
  {
    name: 'marks-survive-crash',
    in: 'forgetful',
    file: epochs,
    find: 'this.firstValid = epoch;',
    replace: '',
  },
  {
    name: 'epochs-regardless-of-the-moment',
    file: epochs,
    find: 'Math.max(last, epochAt(this.options.clock.wallMs()))',
    replace: 'last',
  },
  {
    name: 'one-epoch-for-ever',
    file: epochs,
    find: 'const epoch = this.next++;',
    replace: 'const epoch = 1;',
  },
  {
    name: 'mark-travels-with-merge',
    in: 'wandering',
    file: changes,
    find: 'before === undefined ? incoming :',
    // The first epoch of the first simulated nodes, 2 ms after they begin.
    replace:
      'before === undefined ? incoming.marked((Date.UTC(2026) - Date.UTC(2024)) * 64 + 128) :',
  },
  // Quorums and outcomes.
  {
    name: 'quorum-minus-one',
    test: 'unit/quorum',
    file: quorum,
    find: 'if (counted >= poll.needed)',
    replace: 'if (counted >= Math.max(1, poll.needed - 1))',
  },
  {
    name: 'strict-counts-fallbacks',
    test: 'unit/quorum',
    in: 'wandering',
    file: quorum,
    find: 'counted: strict ? ofPrimaries : all,',
    replace: 'counted: all,',
  },
  {
    name: 'joint-quorum-of-the-old-owners',
    test: 'unit/quorum',
    file: quorum,
    find: "return before.kind === 'met' ? after : before;",
    replace: 'return before;',
  },
  {
    name: 'new-owners-read-too-early',
    test: 'unit/quorum',
    file: 'actors/rules/placement.js',
    find: 'next.hasMoved(partition) ? incoming : primaries',
    replace: 'incoming',
  },
  {
    name: 'stand-ins-count-on-both-sides',
    test: 'unit/quorum',
    file: quorum,
    find: 'standIn.node === node && owners.includes(standIn.owedTo)',
    replace: 'standIn.node === node',
  },
  {
    name: 'own-ack-before-log',
    in: 'forgetful',
    file: putRound,
    find: 'this.ownPartsPending = this.isPrimary ? 1 : 1 + replicasOf(ledger.plan).length;',
    replace:
      'this.ownPartsPending = 99; queueMicrotask(() => this.round.happened({ type: "log.durable" }));',
  },
  {
    name: 'receipt-calls-fallbacks-primaries',
    in: 'wandering',
    file: putRound,
    find: 'const { primaries, fallbacks, counted, hints } = tally;',
    replace:
      'const { counted, hints } = tally; const primaries = tally.primaries + tally.fallbacks; const fallbacks = 0;',
  },
  {
    name: 'put-not-announced-after-a-fallback',
    in: 'wandering',
    file: putRound,
    find: 'this.around.changed({',
    replace: 'if (fallbacks === 0) this.around.changed({',
  },
  {
    name: 'call-ids-start-at-one',
    in: 'forgetful',
    file: 'src/bus/bus-peers.js',
    find: 'this.lastId = (1 + random.below(2 ** 31)) * 2 ** 20;',
    replace: 'this.lastId = 0 * random.below(2 ** 31);',
  },
  {
    name: 'known-merge-acked-at-once',
    in: 'forgetful',
    file: 'src/store/writes.js',
    find: 'arena.undo(batch);\n            path.log.barrier(onDurable);',
    replace: 'arena.undo(batch); onDurable();',
  },
  {
    name: 'failed-put-says-none',
    test: 'unit/coordinator/configurations',
    file: putRound,
    find: "const error = new UnavailableError(reason, 'unknown');",
    replace: "const error = new UnavailableError(reason, 'none');",
  },
  {
    name: 'late-put-says-none',
    file: putRound,
    find: "return new DeadlineError('the quorum did not answer in time', 'unknown');",
    replace: "return new DeadlineError('the quorum did not answer in time', 'none');",
  },
  {
    name: 'get-shows-own-state-only',
    test: 'unit/coordinator/configurations',
    file: 'src/coordinator/keys-read.js',
    find: 'merged === undefined ? replyOfBytes(this.held[index]?.span, how) : replyOf(merged, how)',
    replace: 'replyOfBytes(this.held[index]?.span, how)',
  },
  {
    name: 'own-reads-not-compared',
    test: 'unit/client/client',
    file: 'src/client/own-read.js',
    find: 'const allAgree = others.every((digests) => digests.equals(first));',
    replace: 'const allAgree = true;',
  },
  {
    name: 'read-says-all-is-equal',
    file: 'src/replica/read-handler.js',
    find: 'if (sameDigest(record?.digest ?? emptyDigest, digests[i]))',
    replace: 'if (call.from !== "dddddddddddddddd")',
  },
  {
    name: 'replica-acks-before-log',
    in: 'forgetful',
    file: 'src/replica/merge-handler.js',
    find: 'return void store.merge(batch, this.hintFor(owedTo), done);',
    replace: 'return void (store.merge(batch, this.hintFor(owedTo), () => undefined), done());',
  },
  {
    name: 'blind-puts-not-ordered',
    in: 'calm',
    file: 'actors/rules/routing.js',
    find: 'if (!put.isOrdered && placement.readers.includes(self))',
    replace: 'if (placement.readers.includes(self))',
  },
  {
    name: 'replaced-operations-forgotten',
    file: 'src/coordinator/earlier-copies.js',
    find: 'return local.state.siblings.find((sibling) => sibling.operation === operation);',
    replace:
      'return local.state.siblings.find((sibling) => sibling.operation === operation && !sibling.remembered);',
  },
  {
    name: 'copies-not-marked',
    file: 'src/coordinator/minting.js',
    find: "if (copy === 'first')",
    replace: 'if (true)',
  },
  {
    name: 'age-of-copies-ignored',
    file: 'src/coordinator/minting.js',
    find: 'stays: isLater ? writtenSince(askedMs, request.context) : undefined,',
    replace: '',
  },
  {
    name: 'later-copies-dated-when-they-arrive',
    file: 'src/coordinator/minting.js',
    find: 'writtenAtMs: lastWriterWins && !isLater ?',
    replace: 'writtenAtMs: lastWriterWins ?',
  },
  {
    name: 'remembered-dropped-early',
    file: 'actors/rules/operations.js',
    find: 'return copiesUntilMs !== undefined && nowMs < forgottenAtMs(copiesUntilMs);',
    replace: 'return copiesUntilMs !== undefined && nowMs < copiesUntilMs - 59_000;',
  },
  {
    name: 'remembered-merged-as-values',
    file: 'actors/rules/versions.js',
    find: 'siblings.push(joined(sibling, same));',
    replace: 'siblings.push(sibling);',
  },
  {
    name: 'copies-of-known-puts-not-marked',
    file: 'src/coordinator/earlier-copies.js',
    find: 'sameDot(sibling.dot, earlier.dot) ? copied(sibling, untilMs) : sibling',
    replace: 'sibling',
  },
  {
    name: 'named-puts-are-first-copies',
    file: 'src/api/plain-terms.js',
    find: "operation !== '' || queue.isDoubled ? 'any'",
    replace: "queue.isDoubled ? 'any'",
  },
  {
    name: 'copied-puts-not-told',
    file: 'src/client/copied-puts.js',
    find: 'if (request.mayBeStored)',
    replace: 'if (false)',
  },
  {
    name: 'copied-puts-not-marked',
    test: 'unit/coordinator/copies',
    file: 'src/coordinator/minting.js',
    find: 'if (copied === undefined)',
    replace: 'if (true)',
  },
  {
    name: 'usual-put-of-copied-puts',
    test: 'unit/coordinator/copies',
    file: 'src/coordinator/minting.js',
    find: 'if (copied?.some((put) => hasOperation(span, put.operation)) === true)',
    replace: 'if (false)',
  },
  {
    name: 'lost-in-flight-not-marked',
    file: 'src/coordinator/minting.js',
    find: 'this.lost.withMarks(local.state)',
    replace: 'local.state',
  },
  {
    name: 'usual-put-of-lost-in-flight',
    test: 'unit/coordinator/copies',
    file: 'src/coordinator/minting.js',
    find: '|| this.lost.concern(span)',
    replace: '',
  },
  {
    name: 'passed-on-without-a-word',
    file: 'src/api/put-ordering.js',
    find: 'isPassedOn: true',
    replace: '',
  },
  {
    name: 'first-copy-after-a-loss',
    file: 'src/coordinator/minting.js',
    find: 'this.lost.mayComeTwice(given, local)',
    replace: 'false',
  },
  {
    name: 'copies-not-covered',
    file: 'actors/rules/operations.js',
    find: '!isReplaced(sibling) && !over.has(sibling.operation)',
    replace: '!isReplaced(sibling)',
  },
  {
    name: 'late-copies-shown',
    file: 'actors/rules/operations.js',
    find: 'return left.length === 0 ? live : left;',
    replace: 'return live;',
  },
  {
    name: 'puts-in-both-orders-hidden',
    file: 'actors/rules/operations.js',
    find: 'return left.length === 0 ? live : left;',
    replace: 'return left;',
  },
  {
    name: 'copies-taken-back-not-said',
    file: 'src/api/put-ordering.js',
    find: "copy: 'later',\n        onReply",
    replace: 'onReply',
  },
  {
    name: 'client-copies-not-said',
    file: 'src/client/request.js',
    find: 'if (this.mayBeStored)',
    replace: 'if (false)',
  },
  {
    name: 'late-puts-coordinated',
    test: 'unit/api/put-ordering',
    file: 'src/api/put-ordering.js',
    find: 'return this.hearing.read(nowMs) ? this.late : this;',
    replace: 'return this;',
  },
  {
    name: 'late-puts-taken-from-others',
    test: 'unit/api/put-ordering',
    file: 'src/api/put-ordering.js',
    find: 'if (this.hearing.read(taken.atMs))',
    replace: 'if (false)',
  },
  {
    name: 'deadlines-of-frames-ignored',
    file: 'src/api/frame-rows.js',
    find: "const until = frame.kind === 'put' ? frame.until : null;",
    replace: 'const until = null;',
  },
  {
    name: 'deadlines-of-earlier-processes-taken',
    file: 'src/bus/own-time.js',
    find: 'if (until.process !== this.process)',
    replace: 'if (until.process === 0)',
  },
  {
    name: 'plain-deadlines-ignored',
    file: 'src/bus/hearing.js',
    find: 'return this.read(nowMs) ? nowMs - this.askedMs : 0;',
    replace: 'return 0;',
  },
  {
    name: 'late-words-tell-nothing',
    file: 'src/api/plain-puts.js',
    find: 'if (sentAfterMs >= readMs || isAwaited)',
    replace: 'if (true)',
  },
  {
    name: 'late-words-without-timeout',
    file: 'src/api/plain-puts.js',
    find: 'readMs - sentAfterMs < timeoutMs &&',
    replace: 'false &&',
  },
  {
    name: 'late-copies-live-anew',
    test: 'unit/coordinator/copies',
    file: 'src/coordinator/minting.js',
    find: 'isLater ? Math.min(wallMs, askedMs) : wallMs)',
    replace: 'wallMs)',
  },
  {
    name: 'read-late-and-dated-back',
    file: 'src/api/plain-puts.js',
    find: 'times.unreadMs > 0 &&',
    replace: 'false &&',
  },
  {
    name: 'lives-from-when-it-may-have-been-sent',
    file: 'src/api/plain-puts.js',
    find: ' || this.expires(request)',
    replace: '',
  },
  {
    name: 'dated-puts-before-late-words',
    file: 'src/api/plain-puts.js',
    find: 'if (!isBlind)',
    replace: 'if (!isBlind || times.timeoutMs === Infinity)',
  },
  {
    name: 'plain-puts-before-late-words',
    file: 'src/api/plain-puts.js',
    find: 'if (this.lateWords.areExpected || this.delayed.length > 0)',
    replace: 'if (false)',
  },
  {
    name: 'standstill-forgotten-at-once',
    file: 'src/bus/hearing.js',
    find: 'this.tellStoodLong()',
    replace: 'void 0',
  },
  {
    name: 'unheard-taken-for-alone',
    file: 'src/api/work-queue.js',
    find: '|| this.lateWords.areExpected',
    replace: '',
  },
  {
    name: 'what-hangs-for-others-unnoticed',
    file: 'src/membership/learning.js',
    find: "this.view.told('hanging.told')",
    replace: 'void 0',
  },
  {
    name: 'doubts-unnoticed',
    file: 'src/membership/learning.js',
    find: "this.view.told('self.unheard')",
    replace: 'void 0',
  },
  {
    name: 'deadline-header-ignored',
    file: 'src/api/put-deadline.js',
    find: 'if (untilWallMs === Infinity)',
    replace: 'if (true)',
  },
  {
    name: 'own-wall-clock-always',
    in: 'jumping',
    file: 'src/seams/agreed-clock.js',
    find: 'return Math.round(ownMs - aheadOfMedianMs(basisMs, this.earliest));',
    replace: 'return ownMs;',
  },
  {
    name: 'unseen-siblings-replaced',
    file: 'src/coordinator/minting.js',
    find: 'if (seen !== undefined && !seesAllOf(span, seen))',
    replace: 'if (false)',
  },
  // The store.
  {
    name: 'ack-before-sync',
    file: commitLog,
    find: 'this.file.append(group.chunks, { sync }, (error) => {',
    replace: 'this.file.append(group.chunks, { sync: false }, (error) => {',
  },
  {
    name: 'repair-overwrites',
    file: changes,
    find: 'if (replaces(incoming, before))',
    replace: 'if (true)',
  },
  {
    name: 'replay-skips-merges',
    file: changes,
    find: 'this.merged(key, Held.of(state));',
    replace: 'void state;',
  },
  {
    name: 'replay-drops-hints',
    in: 'wandering',
    file: changes,
    find: "if (entry.kind === 'mergedOwed')",
    replace: 'if (false)',
  },
  {
    name: 'segments-removed-too-early',
    in: 'forgetful',
    file: 'src/store/write-path.js',
    find: 'this.log.rotate();',
    replace: 'this.log.rotate(); this.log.removeThrough(this.log.lastSequence);',
  },
  {
    name: 'checksum-not-looked-at',
    file: 'src/store/record-codec.js',
    find: 'if (checksum(mark, bytes) !== value.readUInt32BE(markBytes))',
    replace: 'if (false)',
  },
  {
    name: 'torn-frames-accepted',
    test: 'unit/store/log-recovery',
    file: 'src/store/frame.js',
    find: 'if (crc !== segment.readUInt32BE(at + crcAt))',
    replace: 'if (false)',
  },
  {
    name: 'trees-miss-removals',
    in: 'burying',
    file: 'src/store/records.js',
    find: 'this.options.trees.change(slot, before, after);',
    replace: 'if (after !== undefined) this.options.trees.change(slot, before, after);',
  },
  {
    name: 'damaged-record-stays-cached',
    test: 'unit/store/corruption',
    file: 'src/store/records.js',
    find: 'this.cache.drop(key);',
    replace: '',
  },
  {
    name: 'second-damage-of-a-record-unnoticed',
    test: 'unit/store/corruption',
    file: 'src/store/records.js',
    find: 'this.damaged.delete(slot.key);',
    replace: ';',
  },
  {
    name: 'damage-that-goes-away-is-read',
    test: 'unit/store/corruption',
    file: 'src/store/records.js',
    find: 'this.damaged.has(key) ? undefined : decodeRecord(value)',
    replace: 'decodeRecord(value)',
  },
  {
    name: 'flush-begins-with-the-damaged-counted',
    test: 'unit/store/corruption',
    file: 'src/store/records.js',
    find: 'this.rebuildDamaged();',
    replace: '',
  },
  {
    name: 'full-disk-takes-writes',
    test: 'unit/replica/full-disk',
    file: lifecycle,
    find: "entry: { type: 'refuseWrites', params: { because: 'diskFull' } },",
    replace: '',
  },
  {
    name: 'room-in-one-part-taken-for-all',
    test: 'model/node',
    file: lifecycle,
    find: 'return full.filter((other) => other !== part);',
    replace: 'return [];',
  },
  // Hints.
  {
    name: 'fallback-forgets-its-hint',
    in: 'wandering',
    file: 'src/replica/merge-handler.js',
    find: 'return owedTo === notOwed || owedTo === this.store.nodeId ? {} : { owedTo };',
    replace: 'return {};',
  },
  {
    name: 'coordinator-forgets-its-hint',
    file: putLedger,
    find: "orders.push({ kind: 'owe', target });",
    replace: 'void target;',
  },
  {
    name: 'starts-with-room-only',
    file: epochs,
    find: 'if (!this.stopped)',
    replace:
      'if (error !== undefined) { this.options.clock.setTimeout(() => this.renew(done), 100); return; } if (!this.stopped)',
  },
  {
    name: 'leases-asked-for-after-the-stop',
    test: 'unit/store/epochs',
    file: epochs,
    find: 'if (!this.stopped)',
    replace: '',
  },
  {
    name: 'hint-dropped-after-send',
    file: delivery,
    find: "if (answer.kind !== 'ok') {",
    replace: 'if (false) {',
  },
  {
    name: 'overdue-hint-dropped',
    file: delivery,
    find: 'listOf(awaited, node).push(record);',
    replace: 'void node;',
  },
  {
    name: 'settled-though-changed',
    in: 'wandering',
    file: hintLedger,
    find: 'if (record !== undefined && !sameDigest(record.digest, digest))',
    replace: 'if (false)',
  },
  {
    name: 'stray-dropped-while-owed',
    in: 'wandering',
    file: hintLedger,
    find: 'return !isOwned(key) && !index.owesAnyone(key);',
    replace: 'return !isOwned(key);',
  },
  {
    name: 'own-record-dropped-as-stray',
    file: hintLedger,
    find: 'return !isOwned(key) && !index.owesAnyone(key);',
    replace: 'return !index.owesAnyone(key);',
  },
  {
    name: 'one-target-may-fill-all-hints',
    file: 'src/store/hint-index.js',
    find: 'const free = this.options.bytesMax - this.bytes - growth;',
    replace: 'const free = this.options.bytesMax - this.bytes + (account?.bytes ?? 0);',
  },

  // Repair and forgetting.
  {
    name: 'exchange-never-pushes-or-pulls',
    file: 'src/replica/exchange-steps.js',
    find: 'visit.toPull = differing.filter((key) => this.concerns(key));',
    replace: 'visit.toPull = [];',
  },
  {
    name: 'tombstone-collected-early',
    in: 'burying',
    file: 'actors/rules/collection.js',
    find: 'else if (holding !== holdings.absent)',
    replace: 'else if (false)',
  },
  {
    name: 'newest-epoch-pruned',
    in: 'burying',
    file: 'actors/rules/collection.js',
    find: 'return epochOf(actor) < (newest',
    replace: 'return epochOf(actor) <= (newest',
  },
  {
    name: 'collection-asks-only-the-reachable',
    in: 'burying',
    file: 'src/replica/asked-holders.js',
    find: 'const others = holders.filter((id) => id !== peers.self);',
    replace:
      "const others = holders.filter((id) => id !== peers.self && view.reachability(id) === 'alive');",
  },
  {
    name: 'removed-is-not-fenced',
    test: 'unit/bus-peers',
    file: 'src/bus/bus-peers.js',
    find: 'return this.dismiss(from, id);',
    replace: ';',
  },
  {
    name: 'removal-not-on-disk',
    file: 'src/membership/chain.js',
    find: 'this.noteDeparture(configuration);',
    replace: 'this.noteDeparture(configuration);\n        this.actUpon(this.latest);',
  },
  {
    name: 'forgets-before-all-know-who-is-gone',
    test: 'unit/replica/collection',
    file: 'src/replica/grounds.js',
    find: 'a.holders.join() === b.holders.join()',
    replace: 'true',
  },
  {
    name: 'values-collected-as-tombstones',
    file: 'actors/rules/collection.js',
    find: 'return sibling.value === null ? sibling.writtenAtMs : Infinity;',
    replace: 'return sibling.writtenAtMs;',
  },
  {
    name: 'no-cap-on-siblings',
    file: 'src/coordinator/minting.js',
    find: 'if (siblings > limits.siblingsMax)',
    replace: 'if (false)',
  },

  // Membership.
  {
    name: 'founded-unconfirmed',
    in: 'founding',
    file: 'actors/membership/membership.machine.js',
    find: 'books.unconfirmedOf(context.book).length === 0',
    replace: 'true',
  },
  {
    name: 'any-configuration-served',
    more: true,
    file: 'actors/rules/said-configuration.js',
    find: 'return said === own || said === unsaid;',
    replace: 'return true;',
  },
  {
    name: 'who-differs-is-told-nothing',
    test: 'unit/coordinator/configurations',
    file: 'src/coordinator/round-coordinator.js',
    find: 'view.reconcile(node);',
    replace: '',
  },
  {
    name: 'who-differs-is-given-up',
    test: 'unit/coordinator/configurations',
    file: putLedger,
    find: "standing === 'asked' || differs === true",
    replace: "standing === 'asked'",
  },
  {
    name: 'who-differs-counts-for-a-put',
    more: true,
    test: 'unit/coordinator/configurations',
    file: putRound,
    find: 'this.round.happened(loss);',
    replace:
      "this.round.happened(loss.type === 'replica.differs' ? { type: 'replica.acked', node: to } : loss);",
  },
  {
    name: 'who-differs-counts-for-a-get',
    more: true,
    test: 'unit/coordinator/configurations',
    file: 'src/coordinator/get-round-runner.js',
    find: 'this.round.happened(loss);',
    replace:
      "this.round.happened(loss.type === 'replica.differs' ? { type: 'replica.answered', node, differs: false } : loss);",
  },
  {
    name: 'outdated-rounds-go-on',
    test: 'unit/coordinator/configurations',
    file: 'src/coordinator/round-coordinator.js',
    find: 'return this.rounds.configurationChanged();',
    replace: 'return;',
  },
  {
    name: 'client-keeps-its-ring',
    test: 'unit/client/client',
    file: 'src/client/dispatcher.js',
    find: 'this.ring.want();\n        this.outbox.park(request);',
    replace: 'this.outbox.park(request);',
  },
  {
    name: 'place-changes-after-agreement',
    test: 'unit/membership',
    file: 'src/membership/kept-members.js',
    find: ' || stored.includes(id)',
    replace: '',
  },
  {
    name: 'place-by-rows-of-earlier-lives',
    test: 'model/membership',
    file: 'actors/membership/founding-book.js',
    find: ' && !outdated.includes(id)',
    replace: '',
  },
  {
    name: 'old-disk-unnoticed',
    file: 'actors/rules/identity.js',
    find: 'return seen.generation >= own;',
    replace: 'return false;',
  },
  {
    name: 'old-disk-goes-on-with-its-epochs',
    file: 'src/store/epochs.js',
    find: 'Math.max(this.leaseEnd, seen) + epochBlock',
    replace: 'this.next',
  },
  {
    name: 'founding-list-left-alive',
    test: 'unit/rules/founding',
    in: 'founding',
    file: 'actors/rules/founding.js',
    find: 'const free = own.stored.length === 0 || isDead(own, heard);',
    replace: 'const free = true;',
  },

  // Who listens.
  {
    name: 'hung-node-keeps-its-share',
    file: 'actors/rules/listening.js',
    find: 'if (hanging.length === 0)',
    replace: 'if (hanging.length < 64)',
  },
  {
    name: 'forwards-never-expire',
    file: 'src/api/put-ordering.js',
    find: 'this.clock.setTimeout(() => this.expired(forward), forward.waitMs)',
    replace: 'this.clock.setTimeout(() => undefined, forward.waitMs)',
  },
  {
    name: 'doubled-refusals-certain',
    file: 'src/api/headers.js',
    find: 'return doubled && code !== 400',
    replace: 'return false && code !== 400',
  },
  {
    name: 'smaller-part-marks-nothing',
    test: 'unit/rules/listening',
    file: 'actors/rules/listening.js',
    find: '2 * alive < others.length ||',
    replace: '',
  },
  {
    name: 'just-started-refuses-for-certain',
    file: 'src/api/work-queue.js',
    find: '!this.knowsAll ||',
    replace: '',
  },
  {
    name: 'refused-for-those-who-are-gone',
    test: 'unit/api/work-queue',
    file: 'src/api/work-queue.js',
    find: '|| !refusesForAll(this.others())',
    replace: '',
  },
  {
    name: 'hung-node-replaced-at-once',
    test: 'unit/api/work-queue',
    file: 'actors/membership/listening.machine.js',
    find: "after: { untilAllWereTold: '#listening.meeting.withoutSome' },",
    replace: "always: '#listening.meeting.withoutSome',",
  },

  ...consensusMutants,
  ...dataMutants,
  ...detectorMutants,
  ...edgeMutants,
  ...insightMutants,
  ...movingMutants,
  ...recoveryMutants,
  ...subtleMutants,
];

/** How often its passage is in the file: once, or the mutant is stale. */
export function passagesOf(mutant: Mutant, source: string): number {
  return source.split(mutant.find).length - 1;
}

export function isOf(mutant: Mutant, path: string): boolean {
  return path.endsWith(`/dist/${mutant.file}`);
}

/** The source of its file with the mutant in it. */
export function mutated(mutant: Mutant, source: string): string {
  const passages = passagesOf(mutant, source);
  if (passages !== 1)
    throw new Error(`mutant ${mutant.name}: its passage is ${passages} times in ${mutant.file}`);
  return source.replace(mutant.find, () => mutant.replace);
}

export function mutantOf(name: string): Mutant {
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error(`no mutant ${name}`);
  return mutant;
}
