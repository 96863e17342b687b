/**
 * Both ways between big values and their parts, once all is quiet and leases are over: no part
 * outlives what refers to it, and what refers to parts has all of them, at each who owns the key.
 * Reads names and manifests by their documentation.
 */
import { isPart, readContext } from './message-reader.js';

/** By storage key, the encoded states of one node. */
export type StatesHeld = ReadonlyMap<string, Buffer>;

interface SeenManifest {
  readonly upload: string;
  readonly parts: number;
}

/** A part that one of these keys refers to and that a node lacks; undefined: it has all. */
export function partMissing(
  held: StatesHeld,
  mustHold: (key: string) => boolean,
): string | undefined {
  const parts = partsIn(held);
  for (const [key, state] of held)
    if (!isPart(key) && mustHold(key))
      for (const { upload, parts: count } of manifestsIn(state)) {
        const there = parts.get(placeOf(key, upload));
        for (let i = 0; i < count; i++)
          if (there?.has(i) !== true)
            return `${shown(placeOf(key, upload))} has no part ${i} of ${count}`;
      }
  return undefined;
}

/** Parts that nothing refers to, at a node; undefined: there are none. */
export function partsLeft(held: StatesHeld): string | undefined {
  const needed = new Set<string>();
  for (const [key, state] of held)
    if (!isPart(key)) for (const { upload } of manifestsIn(state)) needed.add(placeOf(key, upload));
  for (const [place, there] of partsIn(held))
    if (!needed.has(place)) return `${there.size} parts of ${shown(place)} outlive their value`;
  return undefined;
}

/** By upload the numbers of the parts that are there. */
function partsIn(held: StatesHeld): ReadonlyMap<string, ReadonlySet<number>> {
  const parts = new Map<string, Set<number>>();
  for (const key of held.keys()) {
    if (!isPart(key)) continue;
    const { place, index } = partOf(key);
    const known = parts.get(place) ?? new Set();
    parts.set(place, known.add(index));
  }
  return parts;
}

/** Key of the value, NUL, upload in hex. */
function placeOf(ownerKey: string, upload: string): string {
  return `${ownerKey}\0${upload}`;
}

function partOf(key: string): { readonly place: string; readonly index: number } {
  const bytes = Buffer.from(key, 'latin1');
  const at = bytes.indexOf(0, 3) + 1;
  const ownerEnd = at + 2 + bytes.readUInt16BE(at);
  const owner = bytes.toString('latin1', at + 2, ownerEnd);
  const ownerKey = `${key.slice(0, 2)}${key.slice(3, at - 1)}\0${owner}`;
  const upload = bytes.toString('hex', ownerEnd, ownerEnd + 16);
  return { place: placeOf(ownerKey, upload), index: bytes.readUInt32BE(ownerEnd + 16) };
}

function manifestsIn(state: Buffer): SeenManifest[] {
  const { end } = readContext(state);
  const found: SeenManifest[] = [];
  let at = end + 2;
  for (let left = state.readUInt16BE(end); left > 0; left--) {
    const said = state.readUInt8(at + 34);
    const valueAt = at + 35 + (said % 128) + (said >= 128 ? 12 : 4);
    const length = state.readUInt32BE(valueAt - 4);
    const isNone = length >= 0xfffffffe;
    at = valueAt + (isNone ? 0 : length % 2 ** 31);
    if (isNone || length < 2 ** 31) continue;
    const manifest = state.subarray(valueAt, at);
    const [size, partBytes] = [manifest.readUIntBE(1, 6), manifest.readUInt32BE(7)];
    const upload = manifest.toString('hex', 43, 59);
    found.push({ upload, parts: Math.ceil(size / partBytes) });
  }
  return found;
}

function shown(key: string): string {
  return JSON.stringify(key.slice(2).replace('\0', '/'));
}
