/**
 * Stands in a chart for what is done outside of it, until a runner provides that: each chart has a
 * function that takes its effects and gives the chart with them.
 */
export function toBeProvided(): never {
  throw new Error('this chart was given no effects');
}
