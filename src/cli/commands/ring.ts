/** `quorate ring`: who holds what, where one key lives, and how far a move is. */
import type { Command } from 'commander';
import type { NodeId } from '../../../actors/rules/actor.js';
import { partitionOf } from '../../../actors/rules/key.js';
import { commandLimits } from '../../../actors/rules/limits/command.js';
import { isMoving, placementOf, type Placement } from '../../../actors/rules/placement.js';
import { UnavailableError } from '../../errors.js';
import { RealClock } from '../../seams/real-clock.js';
import { layoutOf, type RingMessage, type RingNode } from '../../wire/ring-message.js';
import { byteStringOf } from '../../wire/text.js';
import { askRing, type ClusterQuestion } from '../cluster-status.js';
import { addConnectionOptions, withBus, type ConnectionOptions } from '../connection.js';
import { watchMove } from '../move-watch.js';
import { printJson, printLine, Screen, table } from '../output.js';
import { durationMs, namedKey, type NamedKey } from '../parsers.js';
import { moveLine, moveText, ringText, stateOf } from '../ring-text.js';

interface RingOptions extends ConnectionOptions {
  readonly json?: true;
  readonly key?: NamedKey;
  readonly timeout: number;
  readonly watch?: true;
}

export function addRing(program: Command): void {
  const command = program
    .command('ring')
    .summary('show who holds what')
    .description(
      'Shows how many partitions each node answers for, and while some move how many come and go; or the preference list of one key: its primaries, those it moves to, then the fallbacks.',
    )
    .option('--key <bucket/key>', 'the nodes of this key', namedKey)
    .option('--watch', 'how far the move is, until it is over')
    .option(
      '--json',
      'the whole ring as one JSON object, or what --key asks for; with --watch one each second: {"layout","done","total","perSecond","secondsLeft","nodes":[{"id","name","incoming":{"done","total"},"outgoing":{"done","total"}}]}',
    )
    .option(
      '--timeout <time>',
      'how long to wait for an answer',
      durationMs,
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
  quorate ring --json | jq .epoch`,
    )
    .action(async (options: RingOptions) => {
      const { prefix, timeout } = options;
      const clock = new RealClock();
      await withBus(options, async (bus) => {
        const question = { bus, clock, prefix, waitMs: timeout };
        if (options.watch === true) return watch(question, options.json === true);
        const ring = await askRing(question);
        if (ring === undefined) throw new UnavailableError(`no node answers on ${prefix}.ring`);
        if (options.key !== undefined) return printKey(ring, options.key, options.json === true);
        if (options.json === true) return printJson(ring);
        return printLine(ringText(ring));
      });
    });
}

/** On a terminal one picture that changes; else a line whenever more has moved. */
function watch(question: ClusterQuestion, json: boolean): Promise<void> {
  const screen = new Screen();
  let lastLine = '';
  return watchMove(question, {
    moving: (progress, pace) => {
      const secondsLeft = pace.secondsLeft(progress) ?? null;
      if (json) return printJson({ ...progress, perSecond: pace.perSecond, secondsLeft });
      if (screen.isLive) return screen.show(moveText(progress, pace));
      const { layout, done } = progress;
      if (lastLine === `${layout} ${done}`) return;
      lastLine = `${layout} ${done}`;
      printLine(moveLine(progress, pace));
    },
    resting: (ring, sawMove) => {
      if (json) return printJson({ layout: ring.epoch, done: 0, total: 0 });
      screen.show(`${sawMove ? 'the move is over' : 'nothing moves'}\n${ringText(ring)}`);
    },
  });
}

function printKey(ring: RingMessage, key: NamedKey, json: boolean): void {
  const bytes = { bucket: byteStringOf(key.bucket), key: byteStringOf(key.key) };
  const partition = partitionOf(bytes, ring.groupOf.length);
  const n = ring.buckets.find(([bucket]) => bucket === key.bucket)?.[1] ?? ring.n;
  const layout = layoutOf(ring);
  const placement = placementOf(layout, partition, n);
  const rows = rowsOf(ring, placement);
  const moves = isMoving(placement);
  const hasMoved = layout.next?.hasMoved(partition) === true;
  if (json) return printJson({ ...key, partition, ...(moves && { hasMoved }), nodes: rows });
  const state = hasMoved ? ', which has moved' : ', which moves';
  printLine(`${key.bucket}/${key.key} is in partition ${partition}${moves ? state : ''}`);
  printLine(
    table(
      ['ROLE', 'NAME', 'HOST', 'ZONE', 'STATUS', 'ID'],
      rows.map((row) => [row.role, row.name, row.host, row.zone, row.reachability, row.id]),
    ),
  );
}

interface KeyRow extends Pick<RingNode, 'name' | 'host' | 'zone' | 'id'> {
  readonly role: 'primary' | 'incoming' | 'fallback';
  readonly reachability: string;
}

function rowsOf(ring: RingMessage, { primaries, incoming, fallbacks }: Placement): KeyRow[] {
  const rows = (nodes: readonly NodeId[], role: KeyRow['role']): KeyRow[] =>
    nodes.map((id) => {
      const node = ring.nodes.find((known) => known.id === id)!;
      const { name, host, zone } = node;
      return { role, name, host, zone, reachability: stateOf(node), id };
    });
  const arriving = incoming.filter((node) => !primaries.includes(node));
  return [
    ...rows(primaries, 'primary'),
    ...rows(arriving, 'incoming'),
    ...rows(fallbacks, 'fallback'),
  ];
}
