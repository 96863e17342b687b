/** What a system and its clients use up between the edges of the measured time. */
import { cpuMicrosOf, nameOf, residentBytesOf } from './processes.js';
import { wireBytesOf } from './wire.js';

export interface Usage {
  /** User and system time, and the clients' part of it. */
  readonly cpuMicros: number;
  readonly clientCpuMicros: number;
  /** What of it nats-server took. */
  readonly natsCpuMicros: number;
  /** Undefined: not known. */
  readonly wireBytes: number | undefined;
  readonly fsyncs: number | undefined;
  /** The highest that was seen, of all processes, and of those that are not clients. */
  readonly residentBytes: number;
  readonly serverResidentBytes: number;
}

const sampleEveryMs = 250;

export interface Metered {
  serverPids(): readonly number[];
  readonly clientPids: readonly number[];
  /** So far; undefined where nobody counts them. */
  fsyncs(): Promise<number | undefined>;
}

interface Reading {
  readonly cpuMicros: number;
  readonly clientCpuMicros: number;
  readonly natsCpuMicros: number;
  readonly wireBytes: number | undefined;
}

export class Meter {
  private readonly serverPids: readonly number[];
  private readonly natsPids: readonly number[];
  private readonly pids: readonly number[];
  private readonly sampling: NodeJS.Timeout;
  private residentBytes = 0;
  private serverResidentBytes = 0;
  private before: Reading | undefined;
  private after: Reading | undefined;
  private fsyncsBefore: Promise<number | undefined> = Promise.resolve(undefined);
  private fsyncsAfter: Promise<number | undefined> = Promise.resolve(undefined);

  constructor(private readonly metered: Metered) {
    this.serverPids = metered.serverPids();
    this.natsPids = this.serverPids.filter((pid) => nameOf(pid) === 'nats-server');
    this.pids = [...this.serverPids, ...metered.clientPids];
    this.sampling = setInterval(() => this.sample(), sampleEveryMs);
  }

  begin(): void {
    this.fsyncsBefore = this.fsyncs();
    this.before = this.read();
  }

  end(): void {
    this.fsyncsAfter = this.fsyncs();
    this.after = this.read();
    this.sample();
  }

  async usage(): Promise<Usage> {
    clearInterval(this.sampling);
    const { before, after, residentBytes, serverResidentBytes } = this;
    if (before === undefined || after === undefined) throw new Error('nothing was measured');
    return {
      cpuMicros: after.cpuMicros - before.cpuMicros,
      clientCpuMicros: after.clientCpuMicros - before.clientCpuMicros,
      natsCpuMicros: after.natsCpuMicros - before.natsCpuMicros,
      wireBytes: minus(after.wireBytes, before.wireBytes),
      fsyncs: minus(await this.fsyncsAfter, await this.fsyncsBefore),
      residentBytes,
      serverResidentBytes,
    };
  }

  stop(): void {
    clearInterval(this.sampling);
  }

  /** A cluster that is ill may not tell. */
  private fsyncs(): Promise<number | undefined> {
    return this.metered.fsyncs().catch(() => undefined);
  }

  private read(): Reading {
    const clientCpuMicros = cpuMicrosOf(this.metered.clientPids);
    const cpuMicros = clientCpuMicros + cpuMicrosOf(this.serverPids);
    const natsCpuMicros = cpuMicrosOf(this.natsPids);
    return { cpuMicros, clientCpuMicros, natsCpuMicros, wireBytes: wireBytesOf(this.pids) };
  }

  private sample(): void {
    const servers = residentBytesOf(this.serverPids);
    const clients = residentBytesOf(this.metered.clientPids);
    this.serverResidentBytes = Math.max(this.serverResidentBytes, servers);
    this.residentBytes = Math.max(this.residentBytes, servers + clients);
  }
}

function minus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}
