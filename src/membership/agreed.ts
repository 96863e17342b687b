/**
 * What a node has on its disk of what it agreed to with other survivors, where that counts still:
 * once the cluster went on from there without a recovery it is void.
 */
import { type Acceptor, blankAcceptor } from '../../actors/consensus/acceptor.js';
import type { Configuration } from '../../actors/rules/configuration.js';
import { isRecoveredFrom } from '../../actors/rules/recovery.js';
import { decodeConfiguration } from '../wire/configuration-codec.js';
import type { Votes } from './chain-table.js';

/** Of what follows the configuration that is known. */
export function agreedAt(
  known: Configuration,
  { instance, acceptor }: Votes,
): Acceptor<Uint8Array> {
  const { accepted } = acceptor;
  if (instance === known.number) return acceptor;
  if (accepted === undefined) return blankAcceptor;
  return isRecoveredFrom(known, decodeConfiguration(accepted.value)) ? acceptor : blankAcceptor;
}
