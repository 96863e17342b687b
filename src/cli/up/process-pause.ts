/**
 * Makes a process stand still. A shell holds it, which reads a pipe from here: when this process
 * ends, however it does, the system closes the pipe, and the other goes on. Otherwise it would
 * stand for ever, and hear no signal to stop.
 */
import { spawn } from 'node:child_process';

const script = 'kill -STOP "$1" && read -r word; kill -CONT "$1"';

/** Returns what ends the pause. */
export function pauseProcess(pid: number): () => void {
  const holder = spawn('sh', ['-c', script, 'sh', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A Ctrl-C in the terminal is no reason to let go without order.
    detached: true,
  });
  holder.on('error', () => undefined);
  holder.stdin.on('error', () => undefined);
  return () => void holder.stdin.end();
}
