/**
 * lmdb prints each commit that failed, with its stack, beside rejecting with it: on a full disk
 * once a second. The node says itself what such an error means, once.
 */
export function quietLmdb(): void {
  const print = console.error.bind(console);
  console.error = (...data: unknown[]) => {
    if (!isCommitError(data[0])) print(...data);
  };
}

/** Its errors have the numbers of LMDB and of the system; Node's have words. */
function isCommitError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}
