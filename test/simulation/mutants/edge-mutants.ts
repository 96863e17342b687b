/**
 * What stands between nodes, clients and what comes from outside: the link to NATS, headers,
 * contexts, names, files, the command. The simulator has neither real links nor bytes that no
 * library sends, so each of these fails a test.
 */
import type { Mutant } from './mutant.js';

const headers = 'src/bus/nats-headers.js';
const privateDirectory = 'src/node/private-directory.js';

export const edgeMutants: readonly Mutant[] = [
  // The link to NATS.
  {
    name: 'closed-links-dial-again',
    test: 'integration/given-up-links',
    file: 'src/bus/nats-link.js',
    find: 'this.hasEnded = true;',
    replace: '',
  },
  {
    name: 'stopped-servers-get-all-afterwards',
    test: 'integration/given-up-links',
    file: 'src/bus/nats-transport.js',
    find: 'tcp.resetAndDestroy();',
    replace: 'tcp.end();',
  },
  {
    name: 'small-servers-taken',
    test: 'integration/nats-bus',
    file: 'src/bus/nats-link.js',
    find: 'if (bytesMax < this.payloadBytesMin)',
    replace: 'if (false)',
  },
  {
    name: 'dead-processes-wait-for-their-start',
    test: 'unit/process-machine',
    file: 'actors/supervisor/process.machine.js',
    find: 'if (deaths <= 1)',
    replace: 'if (deaths < 1)',
  },

  // Headers and contexts.
  {
    name: 'odd-headers-are-failures',
    test: 'integration/odd-headers',
    file: headers,
    find: "new MalformedError('names of headers",
    replace: "new Error('names of headers",
  },
  {
    name: 'odd-changes-uncounted',
    test: 'unit/client/client',
    file: 'src/client/watch.js',
    find: 'if (error instanceof MalformedError)',
    replace: 'if (false)',
  },
  {
    name: 'headers-without-end',
    test: 'unit/nats-headers',
    file: headers,
    find: 'if (offsets.length === 4 * limits.headersMax)',
    replace: 'if (false)',
  },
  {
    name: 'contexts-without-end',
    test: 'unit/wire/states',
    file: 'src/wire/key-state-codec.js',
    find: 'if (encoded.checkCount(0) > limits.contextEntriesMax)',
    replace: 'if (false)',
  },
  {
    name: 'more-than-a-count-says-is-merged',
    test: 'unit/replica/long-contexts',
    file: 'src/store/writes.js',
    find: 'if (entries > limits.contextEntriesHeldMax)',
    replace: 'if (false)',
  },
  {
    name: 'claims-cover-what-nobody-has',
    more: true,
    test: 'unit/coordinator/claims',
    file: 'actors/rules/versions.js',
    find: 'context: mergeContexts(local.context, [dot]),',
    replace: 'context: mergeContexts(mergeContexts(local.context, seen.vector), [dot]),',
  },
  {
    name: 'busy-contexts-shortened-at-once',
    test: 'unit/replica/collection',
    file: 'src/replica/collection-walk.js',
    find: 'if (nowMs - before.atMs < surroundings.graceMs)',
    replace: 'if (false)',
  },
  {
    name: 'busy-contexts-never-shortened',
    test: 'unit/replica/collection',
    file: 'actors/rules/collection.js',
    find: 'return state.context.length > limits.contextEntriesBusy && !hasRested(state, grace);',
    replace: 'return false;',
  },
  {
    name: 'grown-entries-are-cleared',
    test: 'unit/rules/collection',
    file: 'actors/rules/collection.js',
    find: 'return entries.filter(({ actor, counter }) => counterOf(cleared, actor) === counter);',
    replace: 'return entries;',
  },
  {
    name: 'contexts-at-their-bound-stay',
    test: 'unit/replica/collection',
    file: 'actors/rules/collection.js',
    find: 'return epochOf(actor) < (newest.get(nodeOf(actor)) ?? 0);',
    replace: 'return false;',
  },
  {
    name: 'forgets-by-another-configuration',
    test: 'unit/replica/collection',
    file: 'src/replica/collection-handler.js',
    find: 'if (!isServed(order.configuration, configuration))',
    replace: 'if (false)',
  },
  {
    name: 'surveyed-before-it-is-on-disk',
    file: 'src/replica/collection-handler.js',
    find: 'this.store.settled(() => call.ok(holdingsBody(holdings)))',
    replace: 'call.ok(holdingsBody(holdings))',
  },

  // Names, operations, subjects.
  {
    name: 'odd-keys-are-one',
    test: 'unit/api/subject-api',
    file: 'src/api/names.js',
    find: "if (subject.includes('\\ufffd'))",
    replace: 'if (false)',
  },
  {
    name: 'other-values-acknowledged',
    test: 'unit/coordinator/minting',
    file: 'src/coordinator/earlier-copies.js',
    find: 'return known.length === 0 || known.some(isSame)',
    replace: 'return true',
  },
  {
    name: 'ids-become-subjects-unchecked',
    test: 'unit/wire/ring-message',
    file: 'src/wire/ring-document.js',
    find: 'if (!isNodeId(id))',
    replace: 'if (id === undefined)',
  },
  {
    name: 'answers-anywhere',
    test: 'unit/api/frame-api',
    file: 'src/api/frame-api.js',
    find: 'if (!isInbox(reply))',
    replace: 'if (false)',
  },
  {
    name: 'answers-taken-for-changes',
    test: 'unit/client/client',
    file: 'src/client/watch.js',
    find: 'seen === undefined || isAnswer ?',
    replace: 'seen === undefined ?',
  },
  {
    name: 'applications-answer-each-other',
    test: 'unit/nats-conf',
    file: 'src/bus/nats-conf.js',
    find: '[...asked, `"${prefix}.resolve.*"`]',
    replace: '[\'">"\']',
  },

  // The dashboard.
  {
    name: 'bad-frames-are-failures',
    crashes: true,
    test: 'unit/dashboard/stately-feed',
    file: 'src/dashboard/stately-feed.js',
    find: "socket.on('error', () => socket.terminate());",
    replace: '',
  },
  {
    name: 'slow-watchers-stay',
    test: 'unit/dashboard/stately-feed',
    file: 'src/dashboard/unread.js',
    find: 'if (nowMs - this.behindMs > dashboardLimits.unreadMsMax)',
    replace: 'if (false)',
  },
  {
    name: 'pages-from-elsewhere-let-in',
    test: 'unit/dashboard/server',
    file: 'src/dashboard/guard.js',
    find: 'if (origin !== undefined && !isOwn)',
    replace: 'if (false)',
  },
  {
    name: 'names-led-here-let-in',
    test: 'unit/dashboard/server',
    file: 'src/dashboard/guard.js',
    find: 'if (!isOwnHost(own, options.host))',
    replace: 'if (false)',
  },

  // Files and passwords.
  {
    name: 'open-directories-stay-open',
    test: 'unit/node/private-directory',
    file: privateDirectory,
    find: 'chmodSync(path, directoryMode);',
    replace: '',
  },
  {
    name: 'links-of-others-followed',
    test: 'unit/node/private-directory',
    file: privateDirectory,
    find: 'checkLinks(resolve(path), uid);',
    replace: '',
  },
  {
    name: 'passwords-shown',
    test: 'unit/client/addresses',
    file: 'src/client/addresses.js',
    find: "'$1'",
    replace: "'$&'",
  },

  // The client.
  {
    name: 'hung-node-keeps-its-frames',
    test: 'unit/client/client',
    file: 'src/client/silence.js',
    find: 'outbox.unpark();\n            this.takeBack();',
    replace: 'outbox.unpark();',
  },
  {
    name: 'lanes-without-end',
    test: 'unit/client/client',
    file: 'src/client/route-table.js',
    find: 'if (this.lanes().length <= clientLimits.lanesIdleMax)',
    replace: 'if (true)',
  },
  {
    name: 'lost-questions-kept',
    test: 'unit/client/client',
    file: 'src/client/silence.js',
    find: 'outMs >= clientLimits.ringLostAfterMs',
    replace: 'false',
  },

  // What time it is.
  {
    name: 'one-clock-outvotes-who-has-not-told',
    test: 'unit/agreed-clock',
    file: 'src/seams/agreed-clock.js',
    find: '[...this.others.values(), ...unknown]',
    replace: '[...this.others.values()]',
  },

  // The command, and what a directory is started with.
  {
    name: 'missing-node-not-named',
    test: 'unit/data-of-cluster',
    file: 'src/cli/up/course.js',
    find: 'if (missing.length === 0)',
    replace: 'if (true)',
  },
  {
    name: 'another-n-taken',
    test: 'unit/node/compose-node',
    file: 'src/membership/replicas.js',
    find: 'if (kept.n !== told.n && holds())',
    replace: 'if (false)',
  },
];
