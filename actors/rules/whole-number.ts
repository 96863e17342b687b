/** Throws `RangeError` with the name and the range. */
export function checkWhole(
  name: string,
  value: number,
  { min, max }: { readonly min: number; readonly max: number },
): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${name}: a whole number from ${min} to ${max}, not ${value}`);
}
