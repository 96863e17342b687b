/** Which rows of a long list are drawn: those in sight and a few beside them, all of one height. */
import { dashboardLimits } from '../../../../actors/rules/limits/dashboard.js';

export interface Window {
  /** From this row up to, not with, that one. */
  readonly first: number;
  readonly end: number;
  /** The height of the rows that are not drawn. */
  readonly abovePx: number;
  readonly belowPx: number;
}

export function windowOf(list: {
  readonly count: number;
  readonly rowPx: number;
  readonly scrollPx: number;
  readonly heightPx: number;
}): Window {
  const { count, rowPx, scrollPx, heightPx } = list;
  const beside = dashboardLimits.rowsBeside;
  const inSight = Math.ceil(heightPx / rowPx);
  const top = Math.min(Math.floor(scrollPx / rowPx), Math.max(0, count - inSight));
  const first = Math.max(0, top - beside);
  const end = Math.min(count, top + inSight + beside);
  return { first, end, abovePx: first * rowPx, belowPx: (count - end) * rowPx };
}
