/**
 * The dashboard of a process that has something else to do: it comes when that serves, and what is
 * wrong with it is said and is no reason to end.
 */
import type { Breaking } from '../dashboard/breaking.js';
import type { Dashboard } from '../dashboard/server.js';
import type { NodeConnection } from './connection.js';

export interface DashboardWish {
  readonly port: number;
  /** Where the port is taken, one of the next. */
  readonly mayMove: boolean;
  readonly token: string | undefined;
}

export interface DashboardOfCluster {
  readonly connection: NodeConnection;
  readonly prefix: string;
  readonly breaking: Breaking;
}

export class LateDashboard {
  private dashboard: Dashboard | undefined;
  private isClosed = false;

  constructor(
    private readonly wish: DashboardWish | undefined,
    private readonly say: (line: string) => void,
  ) {}

  /** Resolves to its address; undefined where there is none. */
  async open(cluster: DashboardOfCluster): Promise<string | undefined> {
    const { wish } = this;
    if (wish === undefined || this.isClosed) return undefined;
    try {
      const { openDashboard } = await import('./dashboard.js');
      const dashboard = await openDashboard({ ...cluster, ...wish, host: '127.0.0.1' });
      this.dashboard = dashboard;
      if (this.isClosed) await dashboard.close();
      return dashboard.address;
    } catch (error) {
      this.say(`no dashboard: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.dashboard?.close();
  }
}
