/**
 * Who one is to a NATS server, as a program says it. Apart from the code that uses it: declarations
 * of the `nats` package, which not every compiler takes, shall not be behind the public door.
 */

/**
 * One way at most. What is in a file is read anew for each connection, so that it can be replaced.
 */
export interface NatsCredentials {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** What is in a file of credentials as `nsc` makes it: a JWT and a seed. */
  readonly creds?: string | undefined;
  /** Its path. */
  readonly credsFile?: string | undefined;
  /** The seed of a user's key: `SU…`. */
  readonly nkey?: string | undefined;
  /** The path of a file that holds it. */
  readonly nkeyFile?: string | undefined;
  /** Encrypted, also where the server would take less. */
  readonly tls?: NatsTls | undefined;
}

/** PEM texts, or the paths of files that hold them. */
export interface NatsTls {
  /** Whom to believe, in place of those that Node knows. */
  readonly ca?: string | undefined;
  readonly caFile?: string | undefined;
  /** What a client shows of itself, and the key to it. */
  readonly cert?: string | undefined;
  readonly certFile?: string | undefined;
  readonly key?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** A connection that a program has: of `nats`, or of a package that has the same. */
export interface ExistingConnection {
  readonly info?: { readonly max_payload: number } | undefined;
  publish(subject: string, payload: Uint8Array, options: object): void;
  subscribe(subject: string, options: object): { unsubscribe(): void };
  flush(): Promise<void>;
  isClosed(): boolean;
  closed(): Promise<unknown>;
  status(): AsyncIterable<{ readonly type: string }>;
}

/** As much of its messages as is looked at. */
export interface ExistingMessage {
  readonly subject: string;
  readonly reply?: string | undefined;
  readonly data: Uint8Array;
  readonly headers?:
    | {
        readonly code: number;
        keys(): readonly string[];
        values(name: string): readonly string[];
      }
    | undefined;
}
