/** Addresses as they may be shown: to a person, in an error, in the arguments of a process. */

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
