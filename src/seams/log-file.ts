/**
 * The disk as the commit log sees it: a directory of append-only files. Real:
 * `src/store/disk-log-directory.ts`. Callbacks, not promises: this is under every put. They come
 * after the call has returned, never within it.
 */
export interface LogDirectory {
  /** Names in ascending order. */
  list(): string[];
  /**
   * Opens for appending at the end, creating it if absent; its directory entry is durable before
   * the first sync returns.
   */
  open(name: string): LogFile;
  /**
   * What was appended; behind it there may be bytes of an older file (they never decode as later
   * frames).
   */
  read(name: string): Buffer;
  remove(name: string): void;
  /** Sets a damaged file aside under another name, out of `list()`. */
  quarantine(name: string): void;
}

export interface LogFile {
  /**
   * Bytes of the appends that succeeded; one that failed with ENOSPC may have left a part behind
   * it: `truncate`.
   */
  readonly length: number;
  /**
   * Appends in order of the calls. `sync`: done means on disk. An error is final for the file
   * (ENOSPC excepted).
   */
  append(chunks: readonly Uint8Array[], options: { sync: boolean }, done: IoDone): void;
  /** Done: all appends that had called back before the call are on disk. */
  sync(done: IoDone): void;
  /** Cuts at `length`; durable with the next sync. */
  truncate(length: number): void;
  close(): void;
}

export type IoDone = (error?: NodeJS.ErrnoException) => void;

export const LogDirectory = Symbol('LogDirectory');
