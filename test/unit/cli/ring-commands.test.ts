/** What the words behind `quorate ring` mean: it has options of its own, and so have changes. */
import { Command } from 'commander';
import { describe, expect, test } from '@jest/globals';
import { addRing } from '../../../src/cli/commands/ring.js';

interface Called {
  readonly name: string;
  readonly operands: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** Nothing is done but noted; throws what the command line does. */
async function called(...words: string[]): Promise<Called> {
  const program = new Command('quorate')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  addRing(program);
  let heard: Called | undefined;
  const ring = program.commands[0]!;
  for (const command of [ring, ...ring.commands])
    command.action((...given: unknown[]) => {
      const operands = given.slice(0, -2);
      heard = { name: command.name(), operands, options: command.opts() };
    });
  await program.parseAsync(['ring', ...words], { from: 'user' });
  return heard!;
}

describe('quorate ring', () => {
  test('alone it shows, with the options it has', async () => {
    expect(await called()).toMatchObject({ name: 'ring', options: { prefix: 'kv' } });
    expect(await called('--watch', '--json')).toMatchObject({
      name: 'ring',
      options: { watch: true, json: true },
    });
    const key = await called('--key', 'carts/alice', '--timeout', '2s');
    expect(key.options).toMatchObject({ key: { bucket: 'carts', key: 'alice' }, timeout: 2_000 });
    await expect(called('plans')).rejects.toThrow(/too many arguments/);
  });

  test('a plan: names one by one or in a list, and what is said of nodes', async () => {
    const words = ['--add', 'n4,n5', '--add', 'n6', '--leave', 'n1', '--remove=n2'];
    const more = ['--replace', 'n3=n7', '--weight', 'n8=2', '--host', 'n8=a=b', '--zone', 'n9='];
    const rest = ['--name', 'n9=n0', '--ring', '2', '--json'];
    const { name, options } = await called('plan', ...words, ...more, ...rest);
    expect(name).toBe('plan');
    expect(options).toMatchObject({
      json: true,
      add: ['n4', 'n5', 'n6'],
      leave: ['n1'],
      remove: ['n2'],
      replace: [['n3', 'n7']],
      weight: [['n8', 2]],
      host: [['n8', 'a=b']],
      zone: [['n9', '']],
      name: [['n9', 'n0']],
      ring: 2,
    });
  });

  test.each([
    ['--add', ''],
    ['--add', 'n4,'],
    ['--replace', 'n3'],
    ['--replace', 'n3='],
    ['--replace', '=n3'],
    ['--weight', 'n1'],
    ['--weight', 'n1=0'],
    ['--weight', 'n1=65'],
    ['--weight', 'n1=two'],
    ['--name', 'n1='],
    ['--name', 'n1=\u0007'],
    ['--ring', '3'],
    ['--zone', 'n1=\u0007'],
    ['--host', `n1=${'x'.repeat(129)}`],
    ['--key', 'carts/alice'],
  ])('a plan with %s %j is refused', async (option, value) => {
    await expect(called('plan', option, value)).rejects.toThrow(/invalid|unknown option/);
  });

  test('a plan is applied by its word alone, and cancelled by none', async () => {
    expect(await called('apply', 'abc.def', '--watch')).toMatchObject({
      operands: ['abc.def'],
      options: { watch: true },
    });
    await expect(called('apply')).rejects.toThrow(/missing required argument 'plan'/);
    expect((await called('cancel', '--json')).options).toMatchObject({ json: true });
    await expect(called('cancel', 'x')).rejects.toThrow(/too many arguments/);
  });

  test('what stands before the change would go unheard: refused', async () => {
    await expect(called('--servers', 'nats://far', 'plan', '--add', 'n4')).rejects.toThrow(
      'say --servers behind the change: quorate ring plan --servers …',
    );
    await expect(called('--json', '--watch', 'cancel')).rejects.toThrow(
      /--watch, --json|--json, --watch/,
    );
  });
});
