import { expect, test } from '@jest/globals';
import { hasCredentials, shownServers } from '../../../src/client/addresses.js';

test.each([
  ['nats://127.0.0.1:4222', 'nats://127.0.0.1:4222'],
  ['nats://u:p@h:4222', 'nats://h:4222'],
  ['u:p@h', 'h'],
  ['token@h', 'h'],
  ['tls://u:p%40@h, nats://u:p@x/y@i:1,j', 'tls://h,nats://i:1,j'],
])('%s is shown as %s', (servers, shown) => {
  expect(shownServers(servers)).toBe(shown);
  expect(hasCredentials(shown)).toBe(false);
});
