/** `quorate ring`: who holds what, where one key lives, and how far a move is; its changes. */
import type { Command } from 'commander';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { UnavailableError } from '../../errors.js';
import { RealClock } from '../../seams/real-clock.js';
import { askRing } from '../cluster-status.js';
import { addConnectionOptions, withBus, type ConnectionOptions } from '../connection.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { showMove } from '../move-show.js';
import { placeOf, printPlace } from '../key-place.js';
import { printJson, printLine } from '../output.js';
import { namedKey, waitTime, type NamedKey } from '../parsers.js';
import { ringText } from '../ring-text.js';
import { addRingApply, addRingCancel, addRingPlan } from './ring-changes.js';

interface RingOptions extends ConnectionOptions {
  readonly json?: true;
  readonly key?: NamedKey;
  readonly timeout: number;
  readonly watch?: true;
}

export function addRing(program: Command): void {
  const command = program
    .command('ring')
    .summary('show who holds what, change it')
    .description(
      'Shows the weight of each node, whether it leaves or waits to be taken in, and how many partitions it answers for, and while some move how many come and go; or the preference list of one key: its primaries, those it moves to, then the fallbacks.',
    )
    .option('--key <bucket/key>', 'the nodes of this key', namedKey)
    .option(
      '--watch',
      'how far the move is, to each node, until it is over and nobody waits to be taken in by itself (a minute at most); where nothing moves, until some seconds have shown it',
    )
    .option(
      '--json',
      'the whole ring as one JSON object, or what --key asks for; with --watch one each second: {"layout","done","total","perSecond","secondsLeft","nodes":[{"id","name","incoming":{"done","total"},"outgoing":{"done","total"},"perSecond","secondsLeft"}]}, and "waiting":[names] where nothing moves before those are taken in; the last one has a total of 0',
    )
    .option(
      '--timeout <time>',
      'how long to wait for an answer',
      waitTime,
      commandLimits.questionMsDefault,
    );
  addConnectionOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  quorate ring
  quorate ring --key carts/alice
  quorate ring --watch
  quorate ring --json | jq .epoch
  quorate ring plan --leave n3`,
    )
    .action(async (options: RingOptions) => {
      const { prefix, timeout } = options;
      const clock = new RealClock();
      await withBus(options, async (bus) => {
        const question = { bus, clock, prefix, waitMs: timeout };
        if (options.watch === true) return showMove(question, { json: options.json === true });
        const ring = await askRing(question);
        if (ring === undefined) throw new UnavailableError(`no node answers on ${prefix}.ring`);
        if (options.key !== undefined)
          return printPlace(placeOf(ring, options.key), options.json === true);
        if (options.json === true) return printJson(ring);
        return printLine(ringText(ring));
      });
    });
  command.hook('preSubcommand', refuseMisplaced);
  for (const add of [addRingPlan, addRingApply, addRingCancel]) add(command);
}

/** They would go unheard there. */
function refuseMisplaced(ring: Command, change: Command): void {
  const misplaced = ring.options.filter(
    (option) => ring.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (misplaced.length === 0) return;
  const names = misplaced.map(({ long }) => long).join(', ');
  throw new CommandError(
    exitCodes.usage,
    `say ${names} behind the change: quorate ring ${change.name()} ${names} …`,
  );
}
