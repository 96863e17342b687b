/** `quorate where`: where a key lives, and why there. */
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { RealClock } from '../../seams/real-clock.js';
import { askWholeRing } from '../cluster-status.js';
import { addConnectionOptions, withBus, type ConnectionOptions } from '../connection.js';
import { placeText } from '../insight/place-text.js';
import { checkName, placeOf, printPlace } from '../key-place.js';
import { printLine } from '../output.js';

interface WhereOptions extends ConnectionOptions {
  readonly json?: true;
}

export function addWhere(program: Command): void {
  const command = program
    .command('where <bucket> <key>')
    .summary('say where a key lives, and why')
    .description('Says in which partition a key is, which nodes do what for it, and why they.')
    .option('--json', 'one JSON object, as ring --key prints it');
  addConnectionOptions(command)
    .addHelpText('after', '\nExamples:\n  quorate where carts alice')
    .action(async (bucket: string, key: string, options: WhereOptions) => {
      const { prefix } = options;
      checkName({ bucket, key });
      const waitMs = commandLimits.questionMsDefault;
      const clock = new RealClock();
      const ring = await withBus(options, (bus) => askWholeRing({ bus, clock, prefix, waitMs }));
      const place = placeOf(ring, { bucket, key });
      if (options.json === true) printPlace(place, true);
      else printLine(placeText(place));
    });
}
