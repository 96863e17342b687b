/** Addresses: where a server is unless told, and as they may be shown to anybody. */

export const serversDefault = 'nats://127.0.0.1:4222';

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
