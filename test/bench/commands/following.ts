/** `npm run bench -- following`. */
import type { Command } from 'commander';
import { following, type FollowingPlan, type FollowingReport } from '../following.js';
import { wholeNumber } from './flags.js';
import { machine, print, showProgress, writeJson } from './surroundings.js';

interface FollowingFlags extends FollowingPlan {
  readonly json?: string;
}

export function addFollowing(program: Command): void {
  program
    .command('following')
    .summary('what a watch is told while nodes and nats-server are killed')
    .description(
      'Puts keys again and again while nodes, and now and then nats-server, are killed and started again, and counts what a watch of them is told: every last change, what came twice, how often it was asked for anew or keys came again.',
    )
    .option('--nodes <count>', 'of the cluster', wholeNumber, 3)
    .option('--changes <count>', 'that are acknowledged', wholeNumber, 100_000)
    .option('--keys <count>', 'that are changed', wholeNumber, 10_000)
    .option('--in-flight <count>', 'puts at once', wholeNumber, 32)
    .option('--kill-every-ms <ms>', 'between two kills', wholeNumber, 3_000)
    .option('--json <file>', 'write the report there')
    .addHelpText(
      'after',
      `
Examples:
  npm run bench -- following
  npm run bench -- following --changes 3000 --keys 500 --kill-every-ms 1000`,
    )
    .action(run);
}

async function run({ json, ...plan }: FollowingFlags): Promise<void> {
  print(machine());
  const report = await following({ plan, onProgress: showProgress });
  showProgress('');
  for (const line of linesOf(report)) print(line);
  if (json !== undefined) writeJson(json, report);
  if (report.keysMissed.length > 0) process.exitCode = 1;
}

function linesOf(report: FollowingReport): string[] {
  const { plan, kills, keysMissed, tookMs, caughtUpMs } = report;
  return [
    `${report.acknowledged} changes of ${plan.keys} keys in ${(tookMs / 1000).toFixed(1)} s, ${report.askedAgain} asked again`,
    `killed ${kills.nodes} times a node, ${kills.servers} times nats-server`,
    `keys whose last change was seen: ${report.keysSeen}, missed: ${keysMissed.length} ${keysMissed.slice(0, 5).join(' ')}`,
    `told ${report.told}, ${report.duplicates} of them twice; all seen ${caughtUpMs.toFixed(0)} ms after the last put`,
    `announced: asked for anew ${report.lost}, resynchronised ${report.resynced}, behind ${report.behind}; markers ${report.markers}`,
  ];
}
