/**
 * Arguments as text → what they mean. Each throws commander's InvalidArgumentError with a sentence.
 */
import { conditions, type Condition } from '../../actors/rules/condition.js';
import type { RingVersion } from '../../actors/rules/configuration.js';
import { InvalidArgumentError } from 'commander';
import { dashboardLimits } from '../../actors/rules/limits/dashboard.js';
import { limits } from '../../actors/rules/limits.js';
import type { Durability } from '../../actors/rules/durability.js';
import { isLabelText } from '../wire/text.js';

export function wholeNumber(bounds: { min: number; max: number }): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= bounds.min && value <= bounds.max) return value;
    throw new InvalidArgumentError(
      `It must be a whole number from ${bounds.min} to ${bounds.max}.`,
    );
  };
}

/** N, R, W: no more nodes than a cluster has. */
export const quorumSize = wholeNumber({ min: 1, max: limits.membersMax });
export const portNumber = wholeNumber({ min: 1, max: limits.portMax });

/** Where a server of this process listens: a host, and a port of it. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `9464` is on this machine alone; else `0.0.0.0:9464`, `name:9464`, `[::]:9464`. */
export function listenAddress(text: string): ListenAddress {
  const match = /^(?:([\w.-]+|\[[\da-fA-F:.]+\]):)?(\d+)$/.exec(text);
  const [, host = loopback, port = ''] = match ?? [];
  if (match !== null) return { host: host.replace(/^\[|\]$/g, ''), port: portNumber(port) };
  throw new InvalidArgumentError('It must be PORT or HOST:PORT, such as 9464 or 0.0.0.0:9464.');
}

/** Of the nodes of one machine each has its own port: that of n1, and those after it. */
export function addressOfNode({ host, port }: ListenAddress, number: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port + number - 1}`;
}

const loopback = '127.0.0.1';

const unitMs: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `250`, `250ms`, `1.5s`, `10m`, `2h`, `30d` → ms. */
export function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  const ms = Math.round(Number(match?.[1]) * (unitMs[match?.[2] ?? ''] ?? 1));
  if (match !== null && Number.isSafeInteger(ms)) return ms;
  throw new InvalidArgumentError('It must be a time such as 250 (ms), 30s, 10m, 2h or 7d.');
}

/** How long something is waited for: no longer than a request may live. */
export function waitTime(text: string): number {
  const ms = durationMs(text);
  if (ms >= 1 && ms <= limits.requestTimeoutMsMax) return ms;
  throw new InvalidArgumentError(
    `It must be a time from 1ms to ${limits.requestTimeoutMsMax / unitMs['s']!}s.`,
  );
}

/** As `durationMs`, or `none`. */
export function lifetime(text: string): number | 'none' {
  return text === 'none' ? 'none' : durationMs(text);
}

/** `sync`, `periodic(100)`, or for shells that mind parentheses `periodic:100`. */
export function durability(text: string): Durability {
  if (text === 'sync') return { kind: 'sync' };
  const match = /^periodic[(:](\d+)\)?$/.exec(text);
  const everyMs = Number(match?.[1]);
  if (match !== null && everyMs > 0) return { kind: 'periodic', everyMs };
  throw new InvalidArgumentError('It must be sync, or periodic:MS such as periodic:100.');
}

/** On what a put or delete is done. */
export function condition(text: string): Condition {
  const known = conditions.find((it) => it === text);
  if (known === undefined) throw new InvalidArgumentError(`It must be ${conditions.join(' or ')}.`);
  return known;
}

/** `n1,n2`, added to those before it. */
export function listed(text: string, before: readonly string[] = []): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It must be names, separated by commas.');
  return [...before, ...names];
}

/** `NODE=VALUE`, the value by its own parser. */
export function nodeAnd<T>(parse: (text: string) => T): (text: string) => readonly [string, T] {
  return (text) => {
    const sign = text.indexOf('=');
    if (sign <= 0) throw new InvalidArgumentError('It must be NODE=VALUE.');
    return [text.slice(0, sign), parse(text.slice(sign + 1))];
  };
}

/** Of an option that may be repeated. */
export function collected<T>(
  parse: (text: string) => T,
): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** The name of a host or a zone. */
export function placeLabel(text: string): string {
  if (isLabelText(text)) return text;
  throw new InvalidArgumentError(
    `It must be up to ${limits.labelBytesMax} bytes without control characters.`,
  );
}

export function nodeName(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('It must be the name or the id of a node.');
}

/** One that a node is to have. */
export function newName(text: string): string {
  return placeLabel(nodeName(text));
}

export function ringVersion(text: string): RingVersion {
  if (text === '1' || text === '2') return Number(text) as RingVersion;
  throw new InvalidArgumentError('It must be 1 or 2.');
}

/** It stands in an address. */
export function dashboardToken(text: string): string {
  const { tokenCharsMin } = dashboardLimits;
  if (text.length >= tokenCharsMin && /^[\w.~-]+$/.test(text)) return text;
  throw new InvalidArgumentError(
    `It must have ${tokenCharsMin} or more letters, digits, '-', '_', '.' and '~'.`,
  );
}

/** `0-499`: bytes from the one up to the other, which is among them; `500-`: up to the last. */
export function byteRange(text: string): { readonly from: number; readonly end?: number } {
  const match = /^(\d{1,15})-(\d{1,15})?$/.exec(text);
  const from = Number(match?.[1]);
  const last = match?.[2] === undefined ? undefined : Number(match[2]);
  if (match !== null && (last === undefined || last >= from))
    return last === undefined ? { from } : { from, end: last + 1 };
  throw new InvalidArgumentError('It must be FIRST-LAST, such as 0-499, or FIRST-.');
}

export interface NamedKey {
  readonly bucket: string;
  readonly key: string;
}

/** `bucket/key`; the key may contain slashes. */
export function namedKey(text: string): NamedKey {
  const slash = text.indexOf('/');
  if (slash > 0 && slash < text.length - 1) {
    return { bucket: text.slice(0, slash), key: text.slice(slash + 1) };
  }
  throw new InvalidArgumentError('It must be BUCKET/KEY.');
}
