/** What `quorate up` says once it serves: one line for eyes and scripts, then lines to copy. */
import { hasCredentials, serversDefault, shownServers } from '../../client/addresses.js';

export interface WelcomeOptions {
  /** How the user can call the command: `quorate`, or `npx quorate` in a clone. */
  readonly command: string;
  readonly nodes: number;
  readonly servers: string;
  /** Where a browser sees it; undefined: nowhere. */
  readonly dashboard: string | undefined;
}

export function welcome({ command, nodes, servers: given, dashboard }: WelcomeOptions): string {
  const servers = shownServers(given);
  const secret = hasCredentials(given)
    ? '\n  User and password are not shown; the lines below take them from NATS_USER and NATS_PASSWORD.\n'
    : '';
  const usual = servers === serversDefault;
  const ours = usual ? '' : ` --servers ${servers}`;
  const theirs = usual ? '' : ` --server ${servers}`;
  const seen = dashboard === undefined ? '' : `\n  See it think, in a browser:\n    ${dashboard}\n`;
  return `quorate: ready · ${nodes} ${nodes === 1 ? 'node' : 'nodes'} · ${servers}
${seen}${secret}
  The quorate command:
    ${command} put${ours} greetings hello 'Hello, world'
    ${command} get${ours} greetings hello

  Any NATS client, here the nats command:
    nats req${theirs} kv.put.greetings.hello 'Hello, world'
    nats req${theirs} kv.get.greetings.hello ''

  TypeScript:
    import { connect } from 'quorate';
    const client = await connect({ servers: '${servers}' });
    const greetings = client.bucket('greetings');
    await greetings.put('hello', 'Hello, world');
    console.log(new TextDecoder().decode((await greetings.get('hello')).value));
`;
}
