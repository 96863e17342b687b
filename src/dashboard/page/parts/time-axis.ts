/**
 * Time as it is drawn: what happens in a request happens in bursts, a hint goes home seconds after
 * the reply. Where nothing happens for long, time is drawn shorter, and said to be.
 */
import { firstWhere } from './sorted.js';

export interface TimeAxis {
  /** In units of time as drawn; the whole is `length`. */
  readonly length: number;
  /** From a moment to where it is drawn. */
  readonly drawn: (atUs: number) => number;
  /** From where it is drawn to the moment. */
  readonly moment: (drawn: number) => number;
  readonly gaps: readonly TimeGap[];
}

/** Where time is drawn shorter than it was. */
export interface TimeGap {
  readonly fromUs: number;
  readonly toUs: number;
}

interface Piece {
  readonly fromUs: number;
  readonly toUs: number;
  readonly from: number;
  readonly to: number;
}

/** A gap is drawn no longer than this share of what happens up to the reply. */
const gapShare = 0.2;
const gapLeastUs = 200;

/** `timesUs`: of all that is drawn, in order; `burstUs`: how long the heart of it took. */
export function timeAxisOf(timesUs: readonly number[], burstUs: number): TimeAxis {
  const most = Math.max(gapLeastUs, burstUs * gapShare);
  const pieces: Piece[] = [];
  let from = 0;
  for (const [index, toUs] of timesUs.entries()) {
    const fromUs = timesUs[index - 1];
    if (fromUs === undefined || toUs <= fromUs) continue;
    const to = from + Math.min(toUs - fromUs, most);
    pieces.push({ fromUs, toUs, from, to });
    from = to;
  }
  return axisOver(pieces, { startUs: timesUs[0] ?? 0, most });
}

function axisOver(
  pieces: readonly Piece[],
  { startUs, most }: { readonly startUs: number; readonly most: number },
): TimeAxis {
  const last = pieces.at(-1);
  const length = Math.max(1, last?.to ?? 0);
  return {
    length,
    drawn: (atUs) => {
      if (last === undefined || atUs <= startUs) return 0;
      const piece = pieces[firstWhere(pieces, ({ toUs }) => toUs >= atUs)];
      if (piece === undefined) return length;
      const share = (atUs - piece.fromUs) / (piece.toUs - piece.fromUs);
      return piece.from + share * (piece.to - piece.from);
    },
    moment: (drawn) => {
      if (last === undefined || drawn <= 0) return startUs;
      const piece = pieces[firstWhere(pieces, ({ to }) => to >= drawn)];
      if (piece === undefined) return last.toUs;
      const share = (drawn - piece.from) / (piece.to - piece.from);
      return piece.fromUs + share * (piece.toUs - piece.fromUs);
    },
    gaps: pieces.filter(({ fromUs, toUs }) => toUs - fromUs > most),
  };
}
