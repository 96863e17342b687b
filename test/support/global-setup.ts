/**
 * Before all tests: nats-server is found as `quorate up` finds it, and if need be installed, once.
 * Workers inherit the variable.
 */
import { findNatsServerProgram } from '../../src/cli/nats-server-finder.js';

export default async function globalSetup(): Promise<void> {
  const { path } = await findNatsServerProgram({
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  process.env['NATS_SERVER_BIN'] = path;
}
