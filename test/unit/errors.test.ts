import { describe, expect, test } from '@jest/globals';
import {
  DeadlineError,
  errorOfCode,
  MalformedError,
  OperationReusedError,
  OverloadedError,
  TooManySiblingsError,
  UnavailableError,
} from '../../src/errors.js';

describe('errors of the wire', () => {
  test('a refusal for load or state of the cluster takes no stack, a mistake of the caller does', () => {
    const limit = Error.stackTraceLimit;
    for (const error of [
      new OverloadedError('full'),
      new UnavailableError('gone'),
      new DeadlineError('late'),
    ])
      expect(error.stack).not.toContain('\n    at ');
    expect(new MalformedError('what is this').stack).toContain('errors.test');
    expect(new Error('ours').stack).toContain('errors.test');
    expect(Error.stackTraceLimit).toBe(limit);
  });

  test('each is told by class, name, code, message and outcome', () => {
    const error = errorOfCode(429, 'full', 'none');
    expect(error).toBeInstanceOf(OverloadedError);
    expect(String(error)).toBe('OverloadedError: full');
    expect(error).toMatchObject({ code: 429, message: 'full', outcome: 'none' });
  });

  test('two kinds of 409 are told apart over the wire', () => {
    const reused = new OperationReusedError();
    expect(errorOfCode(reused.code, reused.message, reused.outcome)).toBeInstanceOf(
      OperationReusedError,
    );
    expect(errorOfCode(409, '32 siblings', 'none')).toBeInstanceOf(TooManySiblingsError);
  });
});
