/**
 * The log of a node's process, on standard error: a JSON object a line, or on a terminal a
 * sentence.
 */
import type { Clock } from '../../seams/clock.js';
import type { Journal, JournalEvent } from '../../seams/journal.js';
import { logLevels, type LogLevel } from '../log-level.js';
import { printable, say } from '../output.js';
import { entryOf, isAnnounced, type JournalEntry } from './journal-text.js';
import { LineQuota } from './line-quota.js';

export interface LogOptions {
  /** Of the node. */
  readonly name: string;
  readonly level: LogLevel;
  /** `text`: for people. */
  readonly form: 'json' | 'text';
  /** What people are told in another place as well. */
  readonly isSaid?: (event: JournalEvent) => boolean;
}

/** `leftOut`: lines of this event before it that were too many. */
type WriteEntry = (entry: JournalEntry, event: JournalEvent, leftOut: number) => void;

/** `write`: takes a line without its end. */
export async function openNodeLog(
  options: LogOptions,
  clock: Clock,
  write: (line: string) => void = say,
): Promise<Journal> {
  const writeEntry =
    options.form === 'json' ? await jsonLines(options, write) : textLines(options, clock, write);
  const quota = new LineQuota();
  return {
    tell(event) {
      const leftOut = quota.take(event.event, clock.monotonicMs());
      if (leftOut !== undefined) writeEntry(entryOf(event), event, leftOut);
    },
  };
}

/** Whoever shows sentences has no need of the library. */
async function jsonLines(
  { name, level }: LogOptions,
  write: (line: string) => void,
): Promise<WriteEntry> {
  const { pino } = await import('pino');
  const log = pino(
    {
      level,
      base: { node: name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Ended as all that the process says: in order with it, and before the process ends.
    { write: (line: string) => write(line.trimEnd()) },
  );
  return (entry, event, leftOut) =>
    log[entry.level]({ ...event, ...(leftOut > 0 && { leftOut }) }, entry.text);
}

function textLines(
  { level: least, isSaid = isAnnounced }: LogOptions,
  clock: Clock,
  write: (line: string) => void,
): WriteEntry {
  return ({ level, text }, event, leftOut) => {
    if (isSaid(event) || logLevels.indexOf(level) > logLevels.indexOf(least)) return;
    const time = new Date(clock.wallMs()).toISOString().slice(11, 19);
    const more = leftOut > 0 ? ` (${leftOut} such lines before it were left out)` : '';
    write(`${time} ${level === 'info' ? '' : `${level}: `}${printable(text)}${more}`);
  };
}
