/** An announcer for buses that have no bytes to save: each message is an ordinary publication. */
import type { Announce, Announced, Bus } from '../../src/seams/bus.js';

const nothing = Buffer.alloc(0);

export function announcerOver(
  bus: Pick<Bus, 'publish'>,
  { subject, header, headers }: Announced,
): Announce {
  return (subjectEnd, bytes) => {
    const value = Buffer.from(bytes).toString('base64url');
    bus.publish(`${subject}${subjectEnd}`, nothing, { headers: { [header]: value, ...headers } });
  };
}
