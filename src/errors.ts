/**
 * The errors of the wire, one class each, with the codes of the NATS services convention.
 * `outcome` tells a writer whether the write may still show: `none` never will, `unknown` may.
 */
import { limits } from '../actors/rules/limits.js';

export type Outcome = 'none' | 'unknown';
export type ErrorCode = 400 | 404 | 409 | 413 | 421 | 429 | 503 | 504;

export class QuorateError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly outcome: Outcome = 'none',
  ) {
    const { stackTraceLimit } = Error;
    // Of load and of the cluster, not of the caller's code: a stack tells nothing and costs more
    // than the request it refuses.
    if (code >= 421) Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = new.target.name;
  }
}

export class MalformedError extends QuorateError {
  constructor(message: string) {
    super(400, message);
  }
}

export class NotFoundError extends QuorateError {
  /** Of a key, which is no error of a get; of anything else it is. */
  static readonly keyText = 'no such key';

  constructor(message: string = NotFoundError.keyText) {
    super(404, message);
  }
}

/** Nothing is kept under that name: it was not created, or is being removed. */
export class BucketRefusedError extends NotFoundError {}

/** What was to become of a bucket can't be: its message says why. */
export class BucketChangeError extends QuorateError {
  constructor(message: string) {
    super(409, message);
  }
}

export class TooManySiblingsError extends QuorateError {
  constructor(message: string) {
    super(409, message);
  }
}

/** What is there now, as a get would show it. */
export interface FoundInstead {
  /** Empty: nothing. Null: a delete beside other values. */
  readonly values: readonly (Uint8Array | null)[];
  /** Which of them are manifests of big values, by index; not there: none is. */
  readonly manifests?: readonly number[] | undefined;
  /** Encoded; undefined where nothing was ever there. */
  readonly context: Uint8Array | undefined;
}

/**
 * A put or delete that was to be done on a condition (`Kv-If`), which was not met. `E` is what the
 * TypeScript client shows of what is there: `Entry`.
 */
export class ConditionError<E = unknown> extends QuorateError {
  /** Its texts begin so, which tells this 409 from others, over the wire too. */
  static readonly textBegins = 'Kv-If: ';
  /** Undefined where it did not fit the answer, and of nodes. */
  entry: E | undefined = undefined;

  constructor(
    message: string,
    outcome: Outcome = 'none',
    /** @internal Undefined: it did not fit the answer. */
    readonly found?: FoundInstead,
  ) {
    super(409, message, outcome);
  }
}

/** Nothing can be made of the upload any more, or not yet: an author begins another. */
export class UploadError extends QuorateError {
  /** Its texts begin so, which tells this 409 from others, over the wire too. */
  static readonly textBegins = 'Kv-Upload: ';

  constructor(message: string) {
    const { textBegins } = UploadError;
    super(409, message.startsWith(textBegins) ? message : textBegins + message);
  }
}

/** An operation is one write: its id came again with another value, which was not stored. */
export class OperationReusedError extends QuorateError {
  /** It tells this 409 from that of siblings, over the wire too. */
  static readonly text =
    'the operation (Kv-Op) was used for another value: every put needs an id of its own';

  constructor() {
    super(409, OperationReusedError.text);
  }
}

export class TooLargeError extends QuorateError {
  /**
   * It tells this 413, which every node gives, from that of a key with its siblings, which may be
   * fewer elsewhere.
   */
  static readonly valueText = `a value of one message has at most ${limits.valueBytesMax} bytes: put it in parts, as quorate put --file, putStream of the TypeScript client and Kv-Upload do`;

  constructor(message = TooLargeError.valueText) {
    super(413, message);
  }
}

/** A big value was replaced or deleted while it was read: what was read of it is of no use. */
export class ReplacedError extends QuorateError {
  constructor(message = 'the value was replaced while it was read: read it again from the start') {
    super(409, message);
  }
}

/** What was read of a big value is not what was put. */
export class DigestError extends QuorateError {
  constructor(message = 'what was read has another SHA-256 than what was put: read it again') {
    super(503, message);
  }
}

/** Nothing was done: who asked takes other nodes for the owners of its keys than this one does. */
export class OtherConfigurationError extends QuorateError {
  static readonly code = 421;

  constructor(
    message = 'this node goes by another configuration of the cluster: ask for the ring, and again',
  ) {
    super(OtherConfigurationError.code, message);
  }
}

export class OverloadedError extends QuorateError {
  constructor(message: string) {
    super(429, message);
  }
}

export class UnavailableError extends QuorateError {
  constructor(message: string, outcome: Outcome = 'none') {
    super(503, message, outcome);
  }
}

/** It may have said already that it holds nothing, and then ends. */
export class LeavingError extends UnavailableError {
  constructor() {
    super('this node leaves the cluster and takes nothing any more: ask another');
  }
}

export class DeadlineError extends QuorateError {
  constructor(message: string, outcome: Outcome = 'unknown') {
    super(504, message, outcome);
  }
}

/** The typed error for a code that came over the wire; an unknown code counts as unavailable. */
export function errorOfCode(
  code: number,
  message: string,
  outcome: Outcome,
  found?: FoundInstead,
): QuorateError {
  switch (code) {
    case 400:
      return new MalformedError(message);
    case 404:
      return new NotFoundError(message);
    case 409:
      if (message.startsWith(ConditionError.textBegins))
        return new ConditionError(message, outcome, found);
      if (message.startsWith(UploadError.textBegins)) return new UploadError(message);
      return message === OperationReusedError.text
        ? new OperationReusedError()
        : new TooManySiblingsError(message);
    case 413:
      return new TooLargeError(message);
    case OtherConfigurationError.code:
      return new OtherConfigurationError(message);
    case 429:
      return new OverloadedError(message);
    case 504:
      return new DeadlineError(message, outcome);
    default:
      return new UnavailableError(message, outcome);
  }
}
