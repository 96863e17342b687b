/**
 * Who a command is to NATS, in every way that NATS has. Secrets come from files and from the
 * environment: the arguments of a process are open to everybody on its machine.
 */
import { Option, type Command } from 'commander';
import type { NatsBusOptions } from '../bus/nats-bus.js';
import { readContext, selectedContext, type NatsContext } from '../bus/nats-context.js';
import { readSecret } from '../bus/nats-credentials.js';

/** As commander has it: `creds`, `nkey` and `tls…` are paths. */
export interface Identity {
  readonly user?: string;
  readonly password?: string;
  readonly natsToken?: string;
  readonly creds?: string;
  readonly nkey?: string;
  readonly tlsca?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
}

const identities = ['user', 'password', 'natsToken', 'creds', 'nkey'] as const;
const encryption = ['tlsca', 'tlscert', 'tlskey'] as const;

/**
 * `prefix`: of the variables. `usesSelected`: whoever names no server goes by the context that the
 * `nats` command has selected.
 */
export function addIdentityOptions(
  command: Command,
  { prefix, usesSelected }: { readonly prefix: string; readonly usesSelected: boolean },
): Command {
  command
    .option('--password-file <file>', 'a file that holds it')
    .option('--token-file <file>', `a file that holds a token (or ${prefix}_TOKEN)`)
    .addOption(option('--creds <file>', 'credentials, as nsc makes them', `${prefix}_CREDS`))
    .addOption(option('--nkey <file>', 'the seed of an nkey', `${prefix}_NKEY`))
    .addOption(option('--tlsca <file>', 'whom to believe that it is NATS', 'NATS_CA'))
    .addOption(option('--tlscert <file>', 'the certificate to show', `${prefix}_CERT`))
    .addOption(option('--tlskey <file>', 'its key', `${prefix}_KEY`))
    .addOption(
      option(
        '--nats-context <name>',
        `a context of the nats command${usesSelected ? ' (default: the selected one, where no server is told)' : ''}`,
        `${prefix}_CONTEXT`,
      ),
    );
  return command.hook('preAction', (_, acting) => {
    // Those below `command` have options of their own.
    if (acting === command) settle(command, prefix, usesSelected);
  });
}

function option(flags: string, text: string, variable: string): Option {
  return new Option(flags, text).env(variable);
}

/** What files, surroundings and a context say becomes what the options say. */
function settle(command: Command, prefix: string, usesSelected: boolean): void {
  const options = command.opts<Record<string, string | undefined>>();
  const isTold = (name: string): boolean =>
    ['cli', 'env', 'config'].includes(command.getOptionValueSource(name) ?? '');
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) command.setOptionValueWithSource(name, value, 'config');
  };
  const { passwordFile, tokenFile, natsContext } = options;
  if (passwordFile !== undefined) set('password', readSecret('the password', passwordFile));
  if (tokenFile !== undefined) set('natsToken', readSecret('the token', tokenFile));
  else set('natsToken', process.env[`${prefix}_TOKEN`] || undefined);
  const isElsewhere = isTold('servers') || !usesSelected;
  const name = natsContext ?? (isElsewhere ? undefined : selectedContext());
  if (name === undefined) return;
  const { servers, ...known } = asOptions(readContext(name));
  if (!isTold('servers')) set('servers', servers);
  for (const group of [identities, encryption])
    if (!group.some(isTold)) for (const one of group) set(one, known[one]);
}

function asOptions(context: NatsContext): Identity & { readonly servers: string | undefined } {
  const { servers, user, password, token, credsFile, nkeyFile, tls } = context;
  return {
    servers,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(token !== undefined && { natsToken: token }),
    ...(credsFile !== undefined && { creds: credsFile }),
    ...(nkeyFile !== undefined && { nkey: nkeyFile }),
    ...(tls?.caFile !== undefined && { tlsca: tls.caFile }),
    ...(tls?.certFile !== undefined && { tlscert: tls.certFile }),
    ...(tls?.keyFile !== undefined && { tlskey: tls.keyFile }),
  };
}

/** Whether there is a way in besides user and password. */
export function hasOtherIdentity({ natsToken, creds, nkey }: Identity): boolean {
  return [natsToken, creds, nkey].some((one) => one !== undefined);
}

/** These alone, of options that have more. */
export function identityOf(given: Identity): Identity {
  const names = [...identities, ...encryption];
  return Object.fromEntries(
    names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])),
  );
}

/** As NATS is told. */
export function natsOptions({
  servers,
  ...given
}: Identity & { readonly servers: string }): NatsBusOptions & { readonly servers: string } {
  const { user, password, natsToken, creds, nkey, tlsca, tlscert, tlskey } = given;
  const tls = { caFile: tlsca, certFile: tlscert, keyFile: tlskey };
  return {
    servers,
    user,
    password,
    token: natsToken,
    credsFile: creds,
    nkeyFile: nkey,
    ...(encryption.some((name) => given[name] !== undefined) && { tls }),
  };
}

function variablesOf(prefix: string): Readonly<Record<keyof Identity, string>> {
  return {
    user: `${prefix}_USER`,
    password: `${prefix}_PASSWORD`,
    natsToken: `${prefix}_TOKEN`,
    creds: `${prefix}_CREDS`,
    nkey: `${prefix}_NKEY`,
    tlsca: 'NATS_CA',
    tlscert: `${prefix}_CERT`,
    tlskey: `${prefix}_KEY`,
  };
}

/** What the variables of this process say; empty ones say nothing. */
export function identityIn(env: NodeJS.ProcessEnv, prefix: string): Identity {
  return Object.fromEntries(
    Object.entries(variablesOf(prefix)).flatMap(([name, variable]) =>
      env[variable] ? [[name, env[variable]]] : [],
    ),
  );
}

/** For a process of the same kind: secrets are for its surroundings, not for its arguments. */
export function surroundingsOf(given: Identity, prefix: string): Record<string, string> {
  const variables = variablesOf(prefix);
  return Object.fromEntries(
    [...identities, ...encryption].flatMap((name) => {
      const value = given[name];
      return value === undefined ? [] : [[variables[name], value]];
    }),
  );
}
