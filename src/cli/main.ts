#!/usr/bin/env node
/** The `quorate` command. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addBucket } from './commands/bucket.js';
import { addCompletion } from './commands/completion.js';
import { addDashboard } from './commands/dashboard.js';
import { addDel } from './commands/del.js';
import { addExplain } from './commands/explain.js';
import { addGet } from './commands/get.js';
import { addImport } from './commands/import.js';
import { addKeys } from './commands/keys.js';
import { addLeave } from './commands/leave.js';
import { addNatsConf } from './commands/nats-conf.js';
import { addNode } from './commands/node.js';
import { addPut } from './commands/put.js';
import { addRecover } from './commands/recover.js';
import { addRemove } from './commands/remove.js';
import { addReplace } from './commands/replace.js';
import { addRing } from './commands/ring.js';
import { addStatus } from './commands/status.js';
import { addTouch } from './commands/touch.js';
import { addUp } from './commands/up.js';
import { addWatch } from './commands/watch.js';
import { addWhere } from './commands/where.js';
import { exitCodeOf, exitCodes, exitCodesHelp } from './exit-codes.js';
import { addHelp } from './help.js';
import { sayError } from './output.js';

/** In the order of the help. */
const commands = [
  addUp,
  addPut,
  addGet,
  addDel,
  addKeys,
  addWatch,
  addBucket,
  addTouch,
  addStatus,
  addRing,
  addDashboard,
  addWhere,
  addExplain,
  addImport,
  addNode,
  addLeave,
  addReplace,
  addRemove,
  addRecover,
  addNatsConf,
  addCompletion,
];

function createProgram(): Command {
  const program = new Command('quorate')
    .description('An always-writable key-value store for people who already run NATS.')
    .version(packageVersion(), '-V, --version')
    .helpOption('-h, --help', 'show this, or the help of a command')
    .showHelpAfterError("(see 'quorate help')")
    // What stands behind the name of a command is its own, also where the one above it has the same
    // option.
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  quorate up                               a cluster on this machine
  quorate put greetings hello 'Hello'      from a second terminal
  quorate get greetings hello
  quorate status
${exitCodesHelp}`,
    );
  for (const add of [...commands, addHelp]) add(program);
  return program;
}

function packageVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

// Whoever read what is printed may have had enough (`| head`): no reason to drop what runs.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Ends by itself when nothing is left to do, so that what was printed is really written. */
try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed help or what was wrong.
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  } else {
    sayError(error, process.argv.includes('--json'));
    process.exitCode = exitCodeOf(error);
  }
}
