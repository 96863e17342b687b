/** What a node was started with, as far as anybody may see it. */
import { version } from '../../api/version.js';
import { shownServers } from '../../client/addresses.js';
import type { JournalEvent } from '../../seams/journal.js';
import { optionsOf, type NodeArguments } from '../node-arguments.js';

export function startedEvent(given: NodeArguments): JournalEvent {
  const { servers, prefix, host, zone, founders, durability, n, r, w } = given;
  const kept = durability.kind === 'sync' ? 'sync' : `periodic:${durability.everyMs}`;
  return {
    event: 'node.started',
    version,
    dataDir: optionsOf(given).dataDir,
    servers: shownServers(servers),
    prefix,
    host,
    zone,
    founders,
    durability: kept,
    n,
    r,
    w,
  };
}
