/** Listens to gossip and checks that all who say they are of a cluster name the same founders. */
import type { Publication } from '../seams/sim-nats.js';
import { type Plain, readMessagePack } from './message-reader.js';
import type { Violations } from './violations.js';

export class FoundingOracle {
  /** As the first node told it; 16 hex digits an id. */
  founders: readonly string[] | undefined;

  /**
   * Told once, before anybody else hears it: the first node that says it has a list on its disk.
   */
  onFirstVote: (node: string) => void = () => undefined;
  private voted = false;

  constructor(private readonly violations: Violations) {}

  /** To be told of every publication. */
  hear(node: string, { subject, payload }: Publication): void {
    if (!subject.startsWith('_') || !subject.endsWith('.gossip')) return;
    const message = readMessagePack(payload);
    const body = Array.isArray(message) ? message[3] : undefined;
    const vote: Plain | undefined = Array.isArray(body) ? body[2] : undefined;
    const [, stored, founders] = Array.isArray(vote) ? vote : [];
    if (!Buffer.isBuffer(stored) || !Buffer.isBuffer(founders)) return;
    if (!this.voted && stored.length + founders.length > 0) {
      this.voted = true;
      this.onFirstVote(node);
    }
    if (founders.length === 0) return;
    const told = idsIn(founders);
    this.founders ??= told;
    const [known, other] = [this.founders.join(), told.join()];
    if (known !== other)
      this.violations.add('safety', 'two-clusters', `one was founded by ${known}, one by ${other}`);
  }
}

function idsIn(bytes: Buffer): string[] {
  const ids: string[] = [];
  for (let at = 0; at < bytes.length; at += 8) ids.push(bytes.toString('hex', at, at + 8));
  return ids;
}
