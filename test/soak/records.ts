/** What clients write down of each operation, one JSON line each; all that the checks go by. */

/** Names one write for ever: author and number. */
export type WriteName = `${string}.${number}`;

export type Workload = 'set' | 'blind' | 'delete' | 'strict' | 'session' | 'lww' | 'ttl';

export interface OperationRecord {
  readonly workload: Workload;
  readonly key: string;
  readonly client: string;
  readonly kind: 'put' | 'delete' | 'get';
  /** On the machine's monotonic clock, which all processes share. */
  readonly startMs: number;
  readonly endMs: number;
  /** `none`: it will never show; `unknown`: it may. Of a get that was not answered: `unknown`. */
  readonly outcome: 'done' | 'none' | 'unknown';
  /** Why not, as it was told. */
  readonly error?: string;
  /** Its author tried again until its deadline. */
  readonly wasRetried?: boolean;
  /** Of a write. */
  readonly name?: WriteName;
  /** It did not say until when, and was not acknowledged: who reads it late can't tell. */
  readonly isUndated?: boolean;
  /** Writes whose author this one's author knew to replace; of a write with a context. */
  readonly replaces?: readonly WriteName[];
  /**
   * Its context is the one its author's last put was answered with, which claims also what that put
   * had seen and not found.
   */
  readonly goesOn?: boolean;
  /** Done, but not all that its context claims was found: as its receipt said. */
  readonly seenPartly?: boolean;
  /** A second node was given it too, and what that answered does not say that it found all. */
  readonly copySeenPartly?: boolean;
  /** What a get showed, deletes left out; the elements of a set. */
  readonly shown?: readonly WriteName[];
  readonly strict?: boolean;
  readonly ttlMs?: number;
}

/** Of a write whose record has or will have that name: as its field says. */
export interface CopyRecord {
  readonly copySeenPartly: WriteName;
}

/** What every key showed in the end, asked of all its primaries. */
export interface FinalRecord {
  readonly workload: Workload;
  readonly key: string;
  readonly shown: readonly WriteName[];
  /** It could not be read. */
  readonly error?: string;
}

/** What one of a key's owners holds of it in the end, asked of nobody else. */
export interface ReplicaRecord {
  readonly workload: Workload;
  readonly key: string;
  readonly node: string;
  readonly shown: readonly WriteName[];
  /** It did not say. */
  readonly error?: string;
}

/** A change of the membership. */
export interface ChangeRecord {
  /** As in the schedule. */
  readonly words: readonly string[];
  /** Its turn came, on the clock of operations. */
  readonly askedMs: number;
  /** The cluster had agreed to it. */
  chosenMs?: number;
  /** Nothing moved any more, and who was to end had ended. */
  endedMs?: number;
  /** `cancelled`: nothing has changed. */
  outcome: 'done' | 'cancelled' | 'unfinished';
  /** How often an operator asked, and what the last refusal said. */
  asked: number;
  refusal?: string;
}

/** A node was away, or a server, or something was wrong with a link (which has two hosts). */
export interface Outage {
  readonly hosts: readonly string[];
  readonly startMs: number;
  endMs: number;
}

export interface Violation {
  readonly rule: string;
  readonly key: string;
  readonly what: string;
}

export function authorOf(name: WriteName): string {
  return name.slice(0, name.lastIndexOf('.'));
}

export function numberOf(name: WriteName): number {
  return Number(name.slice(name.lastIndexOf('.') + 1));
}

/** Of a write. */
export function nameOf({ name }: OperationRecord): WriteName {
  if (name === undefined) throw new TypeError('a write has a name');
  return name;
}

/** What a client wrote down, line by line. */
export function operationsIn(text: string): OperationRecord[] {
  const records = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as OperationRecord | CopyRecord);
  const operations: OperationRecord[] = [];
  const copies = new Set<WriteName>();
  for (const record of records)
    if ('kind' in record) operations.push(record);
    else copies.add(record.copySeenPartly);
  return operations.map((operation) => withCopy(operation, copies));
}

function withCopy(operation: OperationRecord, copies: ReadonlySet<WriteName>): OperationRecord {
  const isCopied = operation.name !== undefined && copies.has(operation.name);
  return isCopied ? { ...operation, copySeenPartly: true } : operation;
}
