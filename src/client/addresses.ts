/** Addresses: where a server is unless told, and as they may be shown to anybody. */

export { serversDefault } from '../bus/nats-bus.js';

/** Without user and password. */
export function shownServers(servers: string): string {
  return servers
    .split(',')
    .map((server) => server.trim().replace(/^([a-z]+:\/\/)?.*@/i, '$1'))
    .join(',');
}

export function hasCredentials(servers: string): boolean {
  return servers.includes('@');
}
