/**
 * Loaded into a node before everything else: its wall clock is off by what a file says, read four
 * times a second.
 */
import { readFileSync } from 'node:fs';

const file = process.env['SOAK_CLOCK_FILE'];
let offsetMs = 0;

function look(): void {
  try {
    offsetMs = Number(readFileSync(file!, 'utf8')) || 0;
  } catch {
    offsetMs = 0;
  }
}

if (file !== undefined) {
  look();
  setInterval(look, 250).unref();
  const { now } = Date;
  Date.now = () => now() + offsetMs;
}
