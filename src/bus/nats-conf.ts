/**
 * The text of `nats.conf`: the two accounts, and the subject mappings by which nats-server itself finds
 * the partition of a key. `nats.conf` at the root of the repository is this text with the defaults.
 *
 * The mappings sit in the applications' account. In the nodes' account they would work as well, but then the
 * server would try all of them on every message between nodes (2.9.10: 5.1 instead of 1.9 µs a message).
 */
import { partitionsMax } from '../../actors/rules/key.js';

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
};

/** Keys of 1 … this many dot-separated tokens are mapped; nodes pass longer ones on themselves. */
export const mappedTokensMax = 8;

const verbs = ['get', 'put', 'del'] as const;

/** Throws `RangeError` on options that would make a wrong or an open configuration. */
export function natsConf(changes: Partial<NatsConfOptions> = {}): string {
  const options = { ...natsConfDefault, ...changes };
  check(options);
  const { prefix, storeAccount, appAccount } = options;
  return `# NATS for Quorate. Printed by \`quorate nats-conf\`; see \`quorate nats-conf --help\` for other
# prefixes, partition counts, accounts and passwords.
#
#   ${storeAccount}  the nodes. They alone see _${prefix}.>, so nobody else can speak as a node.
#   ${appAccount}    applications. Of ${storeAccount} they reach what is imported below and nothing else:
#          replies go back through the server, so a reply subject of theirs can't name a node's subject.
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

  ${appAccount} {
    users: [{ user: ${quote(options.appUser)}, password: ${quote(options.appPassword)} }]
    imports: [
${lines(services(prefix), (s) => `{ service: { account: ${storeAccount}, subject: "${s.subject}" } }`)}
      { stream: { account: ${storeAccount}, subject: "${prefix}.changed.>" } }
    ]
    # The ring lookup: the partition of a key is FNV-1a over its bucket and its tokens, mod ${options.partitions}.
    # Keys of more than ${mappedTokensMax} tokens take one hop more. \`partitions\` of the nodes must be the same number.
    mappings: {
${mappings(options).join('\n')}
    }
  }
}
${options.appPassword === '' ? `\nno_auth_user: ${quote(options.appUser)}\n` : ''}`;
}

/** What applications may ask. `stream`: several nodes may answer one request. */
function services(prefix: string): { subject: string; stream: boolean }[] {
  const one = [
    ...verbs.map((verb) => `${prefix}.${verb}.>`),
    `${prefix}.p.>`,
    `${prefix}.frame.*`,
    `${prefix}.ring`,
  ];
  const many = [`${prefix}.status`, '$SRV.>'];
  return [
    ...one.map((subject) => ({ subject, stream: false })),
    ...many.map((subject) => ({ subject, stream: true })),
  ];
}

function mappings({ prefix, partitions }: NatsConfOptions): string[] {
  const rows: string[] = [];
  for (let keyTokens = 1; keyTokens <= mappedTokensMax; keyTokens++) {
    const indexes = Array.from({ length: keyTokens + 1 }, (_, i) => i + 1);
    const stars = indexes.map(() => '*').join('.');
    const tokens = indexes.map((index) => `{{wildcard(${index})}}`).join('.');
    const partition = `{{partition(${partitions},${indexes.join(',')})}}`;
    for (const verb of verbs)
      rows.push(`      "${prefix}.${verb}.${stars}": "${prefix}.p.${partition}.${verb}.${tokens}"`);
  }
  return rows;
}

function explainUsers({ appPassword, nodeUser, host }: NatsConfOptions): string {
  const nodes = `# Nodes connect as ${quote(nodeUser)} with the password below, or with QUORATE_NODE_USER and QUORATE_NODE_PASSWORD.`;
  if (appPassword !== '') return `${nodes}\n# Applications connect with user and password.`;
  return `${nodes}
# Whoever connects without a user is an application. That and a password everybody can read are good for
# ${host} only; to listen elsewhere print a file with passwords of your own:
#   quorate nats-conf --host 0.0.0.0 --node-password … --app-password …`;
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
  const { partitions, port, host, nodePassword, appPassword } = options;
  for (const name of ['prefix', 'storeAccount', 'appAccount', 'nodeUser', 'appUser'] as const)
    if (!word.test(options[name]))
      throw new RangeError(`${name} must be letters, digits, '_' and '-': ${options[name]}`);
  if (options.storeAccount === options.appAccount || options.nodeUser === options.appUser)
    throw new RangeError('nodes and applications need an account and a user each');
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax)
    throw new RangeError(`partitions must be 1 to ${partitionsMax}: ${partitions}`);
  if (!Number.isInteger(port) || port < -1 || port > 65_535)
    throw new RangeError(`no such port: ${port}`);
  for (const text of [nodePassword, appPassword, host])
    // oxlint-disable-next-line no-control-regex
    if (/["\\\u0000-\u001f]/.test(text))
      throw new RangeError('passwords and host: no quotes, backslashes or control characters');
  const open = appPassword === '' || nodePassword === natsConfDefault.nodePassword;
  if (!loopback.has(host) && open)
    throw new RangeError(`listening on ${host} needs a node password and an app password`);
}
