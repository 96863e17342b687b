/** The key has several values, and what was to make one of them failed: see `cause`. */
export class ResolveError extends Error {
  constructor(cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the conflict was not resolved, and all its values are shown: ${why}`, { cause });
    this.name = 'ResolveError';
  }
}
