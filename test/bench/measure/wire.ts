/**
 * Bytes on the wire, the same way for every system: what the kernel says was sent through the TCP
 * connections of its processes (`ss` of iproute2). Each byte counts once, at its sender; headers of
 * TCP and IP are not in it.
 */
import { spawnSync } from 'node:child_process';

/** So far, by all connections that are open; undefined where there is no `ss`. */
export function wireBytesOf(pids: readonly number[]): number | undefined {
  const { status, stdout } = spawnSync('ss', ['-tinpHO'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return status === 0 ? sentBytes(stdout, new Set(pids)) : undefined;
}

/** Of the output of `ss -tinpHO`: one line a socket. */
export function sentBytes(output: string, pids: ReadonlySet<number>): number {
  let sum = 0;
  for (const line of output.split('\n')) {
    const owners = [...line.matchAll(/\bpid=(\d+)/g)].map((match) => Number(match[1]));
    if (!owners.some((pid) => pids.has(pid))) continue;
    sum += Number(/\bbytes_sent:(\d+)/.exec(line)?.[1] ?? 0);
  }
  return sum;
}
