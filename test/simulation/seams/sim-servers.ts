/**
 * The servers of the simulated NATS, with a route between any two: who is connected to which, and
 * which routes are down. Servers pass nothing on for others, so a route that is down is not gone
 * around. All clients are at server 1 unless they were placed.
 */
/**
 * `silent`: messages vanish. `split`: the servers know, so the other side's subscriptions are gone
 * too.
 */
export type CutKind = 'silent' | 'split';

export class SimServers {
  private readonly placed = new Map<string, number>();
  private readonly down = new Map<string, CutKind>();

  place(client: string, server: number): void {
    this.placed.set(client, server);
  }

  of(client: string): number {
    return this.placed.get(client) ?? 1;
  }

  /** Both ways. */
  cut(a: number, b: number, kind: CutKind): void {
    this.down.set(routeOf(a, b), kind);
  }

  heal(a: number, b: number): void {
    this.down.delete(routeOf(a, b));
  }

  healAll(): void {
    this.down.clear();
  }

  cutOf(from: string, to: string): CutKind | undefined {
    if (this.down.size === 0) return undefined;
    return this.down.get(routeOf(this.of(from), this.of(to)));
  }
}

function routeOf(a: number, b: number): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
