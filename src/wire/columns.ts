/**
 * Takes decoded messages apart and checks each part; what is not as expected is a `MalformedError`.
 */
import type { Moment } from '../../actors/rules/told-clock.js';
import type { SideRead } from '../../actors/rules/placement.js';
import { MalformedError, type Outcome } from '../errors.js';
import type { WireValue } from './message-pack.js';

export const isBin = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
export const isBinOrNull = (value: unknown): value is Uint8Array | null =>
  value === null || isBin(value);
export const isText = (value: unknown): value is string => typeof value === 'string';
export const isInt = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
export const isIntOrNull = (value: unknown): value is number | null =>
  value === null || isInt(value);
export const isSide = (value: unknown): value is SideRead => value === 0 || value === 1;
export const isOutcome = (value: unknown): value is Outcome =>
  value === 'none' || value === 'unknown';
export const isList = (value: unknown): value is readonly WireValue[] => Array.isArray(value);

const isAny = (value: unknown): value is WireValue => value !== undefined;

export function momentColumn(moment: Moment | null): WireValue {
  return moment === null ? null : [moment.process, moment.ms];
}

/** A message `[version, …columns]`, column by column. */
export class Columns {
  private readonly columns: readonly WireValue[];
  private at = 1;

  constructor(
    message: WireValue,
    version: number,
    private readonly what: string,
  ) {
    if (!isList(message) || message[0] !== version)
      throw new MalformedError(`not a ${what} of version ${version}`);
    this.columns = message;
  }

  int(): number {
    return this.next(isInt);
  }
  text(): string {
    return this.next(isText);
  }
  flag(): boolean {
    return this.next((value) => typeof value === 'boolean');
  }
  outcome(): Outcome {
    return this.next(isOutcome);
  }

  bin(length: number): Uint8Array {
    const bin = this.next(isBin);
    if (bin.length !== length) throw this.malformed();
    return bin;
  }
  /** What the caller checks itself. */
  any(): WireValue {
    return this.next(isAny);
  }

  list<T extends WireValue>(is: (value: WireValue) => value is T, length?: number): readonly T[] {
    const list = this.next(isList);
    if (length !== undefined && list.length !== length)
      throw new MalformedError(`columns of a ${this.what} differ in length`);
    for (const value of list) if (!is(value)) throw this.malformed();
    return list as readonly T[];
  }

  listOrNull<T extends WireValue>(
    is: (value: WireValue) => value is T,
    length?: number,
  ): readonly T[] | null {
    if (this.columns[this.at] !== null) return this.list(is, length);
    this.at++;
    return null;
  }

  momentOrNull(): Moment | null {
    const moment = this.listOrNull(isInt, 2);
    return moment === null ? null : { process: moment[0]!, ms: moment[1]! };
  }

  /** A column that older senders leave out. */
  lastIntOrNull(): number | null {
    return this.at === this.columns.length ? null : this.next(isIntOrNull);
  }

  /** As that; undefined: left out. What is in it the caller checks itself. */
  lastList(length?: number): readonly WireValue[] | undefined {
    return this.at === this.columns.length ? undefined : this.list(isAny, length);
  }

  /** As that, where another one may stand behind it: `null` is none. */
  lastListOrNull(length: number): readonly WireValue[] | undefined {
    if (this.columns[this.at] !== null) return this.lastList(length);
    this.at++;
    return undefined;
  }

  /** As that; undefined: left out. */
  lastSide(): SideRead | undefined {
    return this.at === this.columns.length ? undefined : this.next(isSide);
  }

  end(): void {
    if (this.at !== this.columns.length) throw this.malformed();
  }

  private next<T extends WireValue>(is: (value: WireValue) => value is T): T {
    const value = this.columns[this.at++];
    if (value === undefined || !is(value)) throw this.malformed();
    return value;
  }

  private malformed(): MalformedError {
    return new MalformedError(`column ${this.at} of a ${this.what} is not what belongs there`);
  }
}
