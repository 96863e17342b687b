/** The index of the first for which it holds, in a list where it holds for all after that. */
export function firstWhere<T>(list: readonly T[], isPast: (element: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isPast(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
