/**
 * The network of a soak run: who reaches whom under which address, and what is wrong with the
 * links.
 */
import type { ChildProcess } from 'node:child_process';

/** Of one direction of a link. */
export interface LinkFault {
  readonly from: string;
  readonly to: string;
  readonly kind: 'cut' | 'lose' | 'slow' | 'delay';
  /** `lose`: of a hundred packets; `slow`: kilobytes a second; `delay`: ms; `cut`: not used. */
  readonly amount: number;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A file that takes what it prints. */
  readonly log: string;
  /** Whether the process speaks over an IPC channel. */
  readonly talks?: boolean;
}

export type Port = 'client' | 'route';

export interface SoakNetwork {
  readonly kind: 'namespaces' | 'relays';
  /** Netfilter drops packets and keeps none. */
  readonly canDelay: boolean;
  /** Where a server itself listens. */
  listenAddress(server: string, port: Port): string;
  /** `host:port` under which `from` reaches a server. */
  address(from: string, server: string, port: Port): string;
  spawn(host: string, command: readonly string[], options: SpawnOptions): ChildProcess;
  /** All that is wrong from now on; what was wrong before and is not named is well again. */
  apply(faults: readonly LinkFault[]): Promise<void>;
  close(): Promise<void>;
}
