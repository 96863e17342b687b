/**
 * `tls-echo.js ADDRESS`: sends itself messages larger than a TLS record and prints the bytes that
 * came back.
 */
import { NatsBus } from '../../src/bus/nats-bus.js';

const bus = await NatsBus.connect({ servers: process.argv[2]! });
let bytes = 0;
const messages = 20;
let left = messages;
bus.subscribe('echo', ({ data }) => {
  bytes += data.length;
  if (--left > 0) return;
  process.stdout.write(String(bytes));
  void bus.close();
});
for (let i = 0; i < messages; i++) bus.publish('echo', Buffer.alloc(100_000, i));
