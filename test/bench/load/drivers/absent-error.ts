/**
 * No key that a workload asks for is absent, unless a system reads what it has acknowledged only
 * later.
 */
export class AbsentError extends Error {
  readonly code = 'absent';

  constructor(key: string) {
    super(`no such key: ${key}`);
    this.name = 'AbsentError';
  }
}
