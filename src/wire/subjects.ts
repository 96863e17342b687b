/**
 * Every subject, and the names of the headers, in one place. What nodes say on theirs:
 * `src/bus/peers.ts`.
 */
import type { NodeId } from '../../actors/rules/actor.js';

export const requestVerbs = ['put', 'get', 'del'] as const;
export type RequestVerb = (typeof requestVerbs)[number];

export class Subjects {
  readonly ring: string;
  readonly status: string;

  constructor(private readonly prefix: string) {
    this.ring = `${prefix}.ring`;
    this.status = `${prefix}.status`;
  }

  /** What clients send where the server maps no partitions: `kv.put.<bucket>.<key>`. */
  requests(verb: RequestVerb): string {
    return `${this.prefix}.${verb}.>`;
  }

  /** What the mapping makes of it: `kv.p.<partition>.put.<bucket>.<key>`. */
  partition(partition: number): string {
    return `${this.prefix}.p.${partition}.>`;
  }

  frame(node: NodeId): string {
    return `${this.prefix}.frame.${node}`;
  }

  /** Where buckets are changed and asked for: `<verb>.<bucket>`. */
  bucket(what: string): string {
    return `${this.prefix}.bucket.${what}`;
  }

  /** What clients send to give a value another lifetime: `kv.touch.<bucket>.<key>`. */
  get touch(): string {
    return `${this.prefix}.touch.>`;
  }

  /** Where many keys of a bucket are put or got by one message. */
  multi(bucket: string): string {
    return `${this.prefix}.multi.${bucket}`;
  }

  /** Where keys of a bucket are listed. */
  keys(bucket: string): string {
    return `${this.prefix}.keys.${bucket}`;
  }

  /** Who wants to watch a bucket asks there: `kv.watch.<bucket>`. */
  watch(bucket: string): string {
    return `${this.prefix}.watch.${bucket}`;
  }

  /** Where a listener acknowledges; `watch`: its name at the node that serves it. */
  watching(node: NodeId, bucket = '*', watch = '*'): string {
    return `${this.watch(bucket)}.${node}.${watch}`;
  }

  /** Where somebody may answer with what a conflict comes to. */
  resolve(bucket: string): string {
    return `${this.prefix}.resolve.${bucket}`;
  }

  /** `name`: `<bucket>.<key>`, or a pattern of those. */
  changed(name: string): string {
    return `${this.prefix}.changed.${name}`;
  }
}

/** What nodes' own subjects start with; applications may not publish there. */
export function nodesRoot(prefix: string): string {
  return `_${prefix}`;
}

/** Where one node listens for words of other nodes, or of who has their password. */
export function nodeSubject(prefix: string, node: NodeId, word: string): string {
  return `${nodesRoot(prefix)}.${node}.${word}`;
}

/** Nodes that share work take each message once. */
export const workQueue = 'quorate';

/**
 * One token; nodes' own subjects start with `_<prefix>`, and none of them may look like a reply
 * subject.
 */
export function isPrefix(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text) && !text.startsWith('INBOX') && text !== 'R_';
}

/**
 * Reply subjects that applications may name: `_INBOX.…`, and `_INBOX_<user>.…` of those that have
 * an inbox of their own. In a single account a reply to any other could make a node speak as a
 * node; between accounts the server writes `_R_.`.
 */
export function isInbox(subject: string): boolean {
  return (
    subject.startsWith('_INBOX.') || subject.startsWith('_R_.') || subject.startsWith('_INBOX_')
  );
}

export const headerNames = {
  r: 'Kv-R',
  w: 'Kv-W',
  quorum: 'Kv-Quorum',
  context: 'Kv-Context',
  onlyIf: 'Kv-If',
  ttl: 'Kv-TTL',
  expires: 'Kv-Expires',
  timeout: 'Kv-Timeout',
  deadline: 'Kv-Deadline',
  operation: 'Kv-Op',
  age: 'Kv-Age',
  accept: 'Kv-Accept',
  trace: 'Kv-Trace',
  siblings: 'Kv-Siblings',
  sibling: 'Kv-Sibling',
  range: 'Kv-Range',
  contentRange: 'Kv-Content-Range',
  size: 'Kv-Size',
  digest: 'Kv-Digest',
  upload: 'Kv-Upload',
  part: 'Kv-Part',
  partSize: 'Kv-Part-Size',
  commit: 'Kv-Commit',
  receipt: 'Kv-Receipt',
  outcome: 'Kv-Outcome',
  deleted: 'Kv-Deleted',
  errorCode: 'Nats-Service-Error-Code',
  error: 'Nats-Service-Error',
} as const;
