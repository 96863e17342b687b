/**
 * Processes that have a part of a core each, as on machines of their own: control groups of Linux,
 * for which root is needed.
 */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';
/** Short, so that who has used up its part does not stand still for long. */
const periodMicros = 10_000;

export class CpuAllotment {
  private constructor(private readonly directory: string) {}

  /** Throws when this machine has no control groups that can be written. */
  static of(cores: number, name: string): CpuAllotment {
    const quota = Math.round(cores * periodMicros);
    const isUnified = existsSync(join(root, 'cgroup.controllers'));
    const directory = join(isUnified ? root : join(root, 'cpu'), `quorate-bench-${name}`);
    try {
      mkdirSync(directory, { recursive: true });
      if (isUnified) writeFileSync(join(directory, 'cpu.max'), `${quota} ${periodMicros}`);
      else {
        writeFileSync(join(directory, 'cpu.cfs_period_us'), String(periodMicros));
        writeFileSync(join(directory, 'cpu.cfs_quota_us'), String(quota));
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`no part of a core can be allotted here, which takes root: ${why}`, {
        cause: error,
      });
    }
    return new CpuAllotment(directory);
  }

  /** With all it starts from now on. */
  take(pid: number): void {
    writeFileSync(join(this.directory, 'cgroup.procs'), String(pid));
  }

  /** Once nobody is in it any more. */
  end(): void {
    rmdirSync(this.directory);
  }
}
