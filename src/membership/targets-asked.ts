/**
 * Since which configuration targets are to receive what they are to receive now. A cancel or a
 * removal has them receive something else, though the layout stays: what they said before they
 * heard of it counts no more.
 */
import type { Configuration } from '../../actors/rules/configuration.js';
import { directionOf } from '../../actors/rules/layout.js';
import type { ConfigurationNumber } from '../../actors/rules/said-configuration.js';

export class TargetsAsked {
  private since: ConfigurationNumber = 0;
  private last: { readonly number: ConfigurationNumber; readonly what: string } | undefined;

  /** `known`: none earlier than before. */
  review(known: Configuration): ConfigurationNumber {
    const { number, layout, removed } = known;
    const what = JSON.stringify([layout, directionOf(known), removed]);
    const { last } = this;
    // Of those that were passed over nothing is known here: there may have been two cancels.
    const isNext = last !== undefined && number <= last.number + 1;
    if (!isNext || what !== last.what) this.since = number;
    this.last = { number, what };
    return this.since;
  }
}
