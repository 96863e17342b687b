/**
 * V8 as a node's process needs it. Set at run time, before the node's code is loaded, so that every
 * way to start a node has them; each may change while V8 runs.
 */
import { versions } from 'node:process';
import { setFlagsFromString } from 'node:v8';

/** V8 11 (Node 20) counts bytecodes before it optimises a function, later ones count calls. */
const countsBytecodes = Number.parseInt(versions.v8, 10) < 12;

const settings = [
  // A round runs much code a little, which would stay in the interpreter for long (puts 8.1 → 9.0
  // thousand a second).
  '--always-sparkplug',
  // What is inlined into fast code counts as unused and would have to be compiled again (30 → 24 µs
  // a get).
  '--no-flush-bytecode',
  // Fast code after a part of V8's usual wait, because a node runs its code seldom (Node 20: a put
  // alone 4.6 → 3.5 ms; Node 22: puts + 15 %).
  countsBytecodes ? '--interrupt-budget=10000' : '--invocation-count-for-turbofan=750',
  // After a few quiet seconds V8 expects little and would mark the whole memtable every second or
  // so (puts 8.0 → 12.8).
  '--heap-growing-percent=300',
  // V8 learns from the first memtable, which keeps all there is, to allocate as old; a round's dead
  // closures then lie where only a full collection finds them, with all they refer to kept alive (a
  // scavenge 20-40 → 6-14 ms).
  '--no-allocation-site-pretenuring',
];

export function tuneV8(): void {
  for (const setting of settings) setFlagsFromString(setting);
}
