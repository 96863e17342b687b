/** Each event of the journal as an operator reads it: how much it matters, and one sentence. */
import { journalLimits } from '../../../actors/rules/limits/journal.js';
import type { JournalEvent, JournalEventName } from '../../seams/journal.js';
import { sizeText } from '../byte-bar.js';
import type { LogLevel } from '../log-level.js';

export interface JournalEntry {
  readonly level: LogLevel;
  /** Without the name of the node, which stands beside it. */
  readonly text: string;
}

type Of<Name extends JournalEventName> = Extract<JournalEvent, { readonly event: Name }>;

const entries: { readonly [Name in JournalEventName]: (event: Of<Name>) => JournalEntry } = {
  'node.started': ({ version, dataDir, servers, durability, n, r, w }) =>
    info(
      `quorate ${version} starts: data in ${dataDir}, NATS at ${servers}, durability ${durability}, n=${n} r=${r} w=${w}`,
    ),
  'store.recovered': (event) => ({
    level: event.setAside > 0 ? 'warn' : 'info',
    text: recoveredText(event),
  }),
  'store.damaged': ({ what, partitions }) =>
    error(
      `damaged data, to be repaired from other nodes: ${what} (${numbered(partitions, 'partition')})`,
    ),
  'disk.full': () => error('the disk is full: puts are refused until there is room'),
  'disk.writable': () => info('the disk has room again: puts are taken'),
  'nats.connected': () => info('connected to NATS'),
  'nats.disconnected': () => warn('no connection to NATS: it tries again until there is one'),
  'node.serving': () => info('serves'),
  'peer.suspect': ({ peer }) => info(`${peer} is not heard`),
  'peer.down': ({ peer }) => warn(`${peer} is down: others take what it is to have`),
  'peer.back': ({ peer, awayMs }) => info(`${peer} is back, after ${secondsText(awayMs)}`),
  'hints.owed': ({ peer, hints, bytes }) =>
    info(`${peer} is owed ${numbered(hints, 'hint')} and more to come (${sizeText(bytes)})`),
  'hints.paid': ({ peer, delivered, rehomed }) =>
    info(
      `${peer} is owed nothing any more: it took ${numbered(delivered, 'hint')}, and others in its place ${rehomed}`,
    ),
  'members.changed': ({ configuration, members, came, went }) =>
    info(
      `configuration ${configuration} has ${numbered(members, 'member')}${listed('came', came)}${listed('went', went)}`,
    ),
  'move.begun': ({ configuration }) =>
    info(`partitions begin to move, by configuration ${configuration}: quorate ring`),
  'move.turned': ({ configuration }) =>
    info(`partitions move the other way, by configuration ${configuration}: quorate ring`),
  'move.ended': ({ configuration }) =>
    info(`partitions have moved: all are where configuration ${configuration} has them`),
  // A condition that does not hold is an error to its author alone.
  'requests.refused': (counted) => ({
    level: counted.faults > 0 || counted.hintsRefused > 0 ? 'warn' : 'info',
    text: refusalText(counted),
  }),
  problem: ({ text }) => warn(text),
  'problem.over': ({ text }) => info(`no more: ${text}`),
  'node.left': () =>
    info('has left its cluster: the others hold all that it held, and its data directory can go'),
  'node.stopping': () => info('is to stop: it takes no more requests, and finishes those it has'),
  'node.stopped': () => info('has stopped, and written everything'),
  'node.failed': ({ error: text }) => error(text),
};

/** Of one line, whatever stands in it: control characters are the writer's. */
export function entryOf<Name extends JournalEventName>(event: Of<Name>): JournalEntry {
  const describe: (event: Of<Name>) => JournalEntry = entries[event.event];
  const { level, text } = describe(event);
  return { level, text: text.slice(0, journalLimits.textCharsMax) };
}

/** Whether the command says that on standard output as well. */
export function isAnnounced({ event }: JournalEvent): boolean {
  return event === 'node.serving' || event === 'node.left';
}

/** Whether `quorate up` says that of its processes, or they of themselves. */
export function isSaidByUp(event: JournalEvent): boolean {
  return isAnnounced(event) || event.event.startsWith('peer.');
}

function recoveredText({
  keys,
  hints,
  tookMs,
  clean,
  cutBytes,
  setAside,
}: Of<'store.recovered'>): string {
  const held = `${numbered(keys, 'key')}, ${numbered(hints, 'hint')}`;
  return [
    `its disk is read, in ${tookMs} ms: ${held}`,
    ...(clean ? [] : ['it was not closed in good order']),
    ...(cutBytes > 0 ? [`${numbered(cutBytes, 'byte')} of the end of its log are cut off`] : []),
    ...(setAside > 0 ? [`${numbered(setAside, 'file')} of its log are set aside`] : []),
  ].join('; ');
}

function refusalText({
  periodMs,
  failed,
  unanswerable,
  hintsRefused,
  malformed,
  faults,
}: Of<'requests.refused'>): string {
  const told = [
    [failed, 'requests answered with an error'],
    [unanswerable, 'requests that can not be answered, as their reply subject is no inbox'],
    [hintsRefused, 'hints there was no room for'],
    [malformed, 'messages that are not of the node protocol'],
    [faults, 'messages at which the node itself failed'],
  ] as const;
  const some = told.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `in ${secondsText(periodMs)}: ${some.join(', ')}`;
}

function listed(what: string, names: readonly string[]): string {
  return names.length === 0 ? '' : `; ${what}: ${names.join(', ')}`;
}

function numbered(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function secondsText(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

function info(text: string): JournalEntry {
  return { level: 'info', text };
}

function warn(text: string): JournalEntry {
  return { level: 'warn', text };
}

function error(text: string): JournalEntry {
  return { level: 'error', text };
}
