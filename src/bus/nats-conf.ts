/**
 * The text of `nats.conf`: the two accounts, and the subject mappings by which nats-server itself
 * finds the partition of a key. `nats.conf` at the root of the repository is this text with the
 * defaults.
 *
 * The mappings sit in the applications' account. In the nodes' account they would work as well, but
 * then the server would try all of them on every message between nodes (2.9.10: 5.1 instead of 1.9
 * µs a message).
 */
import { limits } from '../../actors/rules/limits.js';
import { isPrefix } from '../wire/subjects.js';

export interface NatsConfOptions {
  /** First token of every subject; the nodes' own subjects start with `_<prefix>`. */
  readonly prefix: string;
  /** Q of the ring; must be that of the nodes. */
  readonly partitions: number;
  readonly host: string;
  readonly port: number;
  /** Account of the nodes. */
  readonly storeAccount: string;
  /** Account of the applications. */
  readonly appAccount: string;
  readonly nodeUser: string;
  readonly nodePassword: string;
  readonly appUser: string;
  /** '': whoever connects without credentials is an application. Only on loopback. */
  readonly appPassword: string;
  /** Applications with an account each, in place of the one they share otherwise. */
  readonly apps: readonly NatsConfApp[];
}

export interface NatsConfApp {
  /** Of its user; its account is `<appAccount>_<name>`. */
  readonly name: string;
  readonly password: string;
}

export const natsConfDefault: NatsConfOptions = {
  prefix: 'kv',
  partitions: 256,
  host: '127.0.0.1',
  port: 4222,
  storeAccount: 'STORE',
  appAccount: 'APP',
  nodeUser: 'node',
  nodePassword: 'quorate',
  appUser: 'app',
  appPassword: '',
  apps: [],
};

const verbs = ['get', 'put', 'del'] as const;

/** Throws `RangeError` on options that would make a wrong or an open configuration. */
export function natsConf(changes: Partial<NatsConfOptions> = {}): string {
  const options = { ...natsConfDefault, ...changes };
  check(options);
  const { prefix, storeAccount } = options;
  return `# NATS for Quorate. Printed by \`quorate nats-conf\`; see \`quorate nats-conf --help\` for other
# prefixes, partition counts, accounts and passwords.
#
#   ${storeAccount}  the nodes. They alone see _${prefix}.>, so nobody else can speak as a node.
${explainApps(options)}
#
${explainUsers(options)}
# On a server without accounts nodes and clients work as well, apart from that protection.

listen: "${options.host}:${options.port}"

accounts {
  ${storeAccount} {
    users: [{ user: ${quote(options.nodeUser)}, password: ${quote(options.nodePassword)} }]
    exports: [
${lines(services(prefix), (s) => `{ service: "${s.subject}"${s.stream ? ', response: stream' : ''} }`)}
      { stream: "${prefix}.changed.>" }
    ]
  }
${appAccounts(options).join('')}}
${isOpen(options) ? `\nno_auth_user: ${quote(options.appUser)}\n` : ''}`;
}

function appAccounts(options: NatsConfOptions): string[] {
  const { appAccount, appUser, appPassword, apps, prefix } = options;
  if (apps.length > 0)
    return apps.map(({ name, password }) =>
      appAccountOf(
        `${appAccount}_${name}`,
        `{ user: ${quote(name)}, password: ${quote(password)} }`,
        options,
      ),
    );
  const asked = services(prefix).map(({ subject }) => quote(subject));
  const users = `{
      user: ${quote(appUser)}, password: ${quote(appPassword)}
      permissions: {
        publish: { allow: [${[...asked, `"${prefix}.resolve.*"`].join(', ')}] }
        subscribe: { allow: ["_INBOX.>", "${prefix}.changed.>", "${prefix}.resolve.*"] }
        # One answer to each question: who resolves conflicts (${prefix}.resolve.<bucket>) is an application.
        allow_responses: true
      }
    }`;
  return [appAccountOf(appAccount, users, options)];
}

function appAccountOf(account: string, user: string, options: NatsConfOptions): string {
  const { prefix, storeAccount, partitions } = options;
  return `
  ${account} {
    users: [${user}]
    imports: [
${lines(services(prefix), (s) => `{ service: { account: ${storeAccount}, subject: "${s.subject}" } }`)}
      { stream: { account: ${storeAccount}, subject: "${prefix}.changed.>" } }
    ]
    # The ring lookup: the partition of a key is FNV-1a over its bucket and its tokens, mod ${partitions}.
    # Keys of more than ${limits.mappedTokensMax} tokens take one hop more. \`partitions\` of the nodes must be the same number.
    mappings: {
${mappings(options).join('\n')}
    }
  }
`;
}

/** Whether nobody is asked who they are. */
function isOpen({ appPassword, apps }: NatsConfOptions): boolean {
  return appPassword === '' && apps.length === 0;
}

/** What applications may ask. `stream`: one request may have several answers. */
function services(prefix: string): { subject: string; stream: boolean }[] {
  const one = [
    ...verbs.map((verb) => `${prefix}.${verb}.>`),
    `${prefix}.p.>`,
    `${prefix}.frame.*`,
    `${prefix}.touch.>`,
    `${prefix}.multi.*`,
    `${prefix}.keys.*`,
    `${prefix}.bucket.>`,
    `${prefix}.ring`,
  ];
  const many = [`${prefix}.status`, `${prefix}.watch.>`, '$SRV.>'];
  return [
    ...one.map((subject) => ({ subject, stream: false })),
    ...many.map((subject) => ({ subject, stream: true })),
  ];
}

function mappings({ prefix, partitions }: NatsConfOptions): string[] {
  const rows: string[] = [];
  for (let keyTokens = 1; keyTokens <= limits.mappedTokensMax; keyTokens++) {
    const indexes = Array.from({ length: keyTokens + 1 }, (_, i) => i + 1);
    const stars = indexes.map(() => '*').join('.');
    const tokens = indexes.map((index) => `{{wildcard(${index})}}`).join('.');
    const partition = `{{partition(${partitions},${indexes.join(',')})}}`;
    for (const verb of verbs)
      rows.push(`      "${prefix}.${verb}.${stars}": "${prefix}.p.${partition}.${verb}.${tokens}"`);
  }
  return rows;
}

function explainApps({ appAccount, storeAccount, apps }: NatsConfOptions): string {
  const reach = `#          Of ${storeAccount} they reach what is imported below and nothing else: replies go back through the server,
#          so a reply subject of theirs can't name a node's subject.`;
  if (apps.length > 0)
    return `#   ${appAccount}_…  an application each. What they ask and are answered stays in their account.
${reach}`;
  return `#   ${appAccount}    applications, which share an account here: they may ask, listen to answers and changes, resolve each
#          other's conflicts, and nothing else, so that none of them can answer in the place of a node. They can
#          still listen to each other's answers; who does not trust the others gets an account of its own: \`quorate nats-conf --app NAME\`.
${reach}`;
}

function explainUsers(options: NatsConfOptions): string {
  const { nodeUser, host } = options;
  const nodes = `# Nodes connect as ${quote(nodeUser)} with the password below, or with QUORATE_NODE_USER and QUORATE_NODE_PASSWORD.`;
  if (!isOpen(options)) return `${nodes}\n# Applications connect with user and password.`;
  return `${nodes}
# Whoever connects without a user is an application. That and a password everybody can read are good for
# ${host} only; to listen elsewhere print a file with passwords of your own:
#   QUORATE_NODE_PASSWORD=… QUORATE_APP_PASSWORD=… quorate nats-conf --host 0.0.0.0`;
}

function lines<T>(items: readonly T[], text: (item: T) => string): string {
  return items.map((item) => `      ${text(item)}`).join('\n');
}

/** Always quoted: a bare word of digits would be a number to nats-server, `$x` a variable. */
function quote(text: string): string {
  return `"${text}"`;
}

const word = /^[A-Za-z0-9_-]+$/;
const loopback = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

function check(options: NatsConfOptions): void {
  const { partitions, port, host, nodePassword, appPassword, apps } = options;
  if (!isPrefix(options.prefix))
    throw new RangeError(
      `prefix: letters, digits, '_' and '-', not 'R_' and nothing that starts with 'INBOX': '${options.prefix}'`,
    );
  for (const name of ['storeAccount', 'appAccount', 'nodeUser', 'appUser'] as const)
    if (!word.test(options[name]))
      throw new RangeError(`${name} must be letters, digits, '_' and '-': ${options[name]}`);
  if (options.storeAccount === options.appAccount || options.nodeUser === options.appUser)
    throw new RangeError('nodes and applications need an account and a user each');
  const names = apps.map(({ name }) => name);
  for (const name of names)
    if (!word.test(name))
      throw new RangeError(`an application is letters, digits, '_' and '-': '${name}'`);
  if (new Set([options.nodeUser, ...names]).size <= names.length)
    throw new RangeError('applications need a name each, and none that of the nodes');
  if (apps.some(({ password }) => password === ''))
    throw new RangeError('an application with an account of its own needs a password');
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > limits.partitionsMax)
    throw new RangeError(`partitions must be 1 to ${limits.partitionsMax}: ${partitions}`);
  if (!Number.isInteger(port) || port < -1 || port > 65_535)
    throw new RangeError(`no such port: ${port}`);
  for (const text of [nodePassword, appPassword, host, ...apps.map(({ password }) => password)])
    // oxlint-disable-next-line no-control-regex
    if (/["\\\u0000-\u001f]/.test(text))
      throw new RangeError('passwords and host: no quotes, backslashes or control characters');
  const open = isOpen(options) || nodePassword === natsConfDefault.nodePassword;
  if (!loopback.has(host) && open)
    throw new RangeError(`listening on ${host} needs a node password and an app password`);
}
