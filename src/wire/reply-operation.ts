/**
 * The operation of a plain put that names none. Where nodes differ for a moment on who hangs
 * (`actors/rules/listening.ts`) two of them are given one message, and what both make of it must be
 * one write.
 *
 * Between accounts the server writes a reply subject of its own making for each message, `_R_.…`:
 * it names the put. So does nothing else: in a single account clients are free to name one inbox
 * for all they send. With a checksum of the value, for the random part of such a subject is 36 bits
 * in nats-server, and two puts of one key must not be taken for one.
 */
import { crc32c } from '@node-rs/crc32';
import type { ByteString } from '../../actors/rules/key.js';
import { limits } from '../../actors/rules/limits.js';

const betweenAccounts = '_R_.';

/** '' where nothing names it. */
export function operationOfReply(reply: string, data: Uint8Array): ByteString {
  if (!reply.startsWith(betweenAccounts)) return '';
  const operation = `${reply}.${crc32c(data).toString(36)}`;
  return operation.length <= limits.operationIdBytesMax ? operation : '';
}
