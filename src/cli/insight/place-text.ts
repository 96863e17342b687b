/** Why a key lives where it does, in sentences. */
import type { KeyPlace, KeyRow } from '../key-place.js';

export function placeText(place: KeyPlace): string {
  const { key, partition, partitions, n, moves, hasMoved, rows } = place;
  const sentences = [
    `${key.bucket}/${key.key} is in partition ${partition}: FNV-1a over bucket and key (its dots left out), modulo ${partitions} partitions.`,
    `Its bucket keeps ${n} replicas: the first ${n} nodes of the partition's list on hosts of their own are its primaries.`,
    ...rows.map((row, at) => `  ${rowText(row, rows, at)}`),
  ];
  if (!moves) return sentences.join('\n');
  const side = hasMoved
    ? 'The partition has moved: gets read its incoming owners; puts still go to both sides.'
    : 'The partition moves: gets read its owners before the move; puts go to both sides.';
  return [...sentences, side].join('\n');
}

function rowText(row: KeyRow, rows: readonly KeyRow[], at: number): string {
  const { role, name, host, reachability } = row;
  const where = `${name} on host ${host}`;
  const state = reachability === 'alive' ? '' : `, ${reachability}`;
  if (role === 'primary') {
    const what = at === 0 ? 'first primary, which orders puts that say no context' : 'primary';
    return `${where}: ${what}${state}`;
  }
  if (role === 'incoming') return `${where}: owner once the partition has moved${state}`;
  const turn = rows.slice(0, at).filter((other) => other.role === 'fallback').length + 1;
  return `${where}: fallback ${turn}, holds hints while a primary is out of reach${state}`;
}
