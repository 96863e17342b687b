/** Many requests as one call. */

/** What `getAll` and `putAll` keep in flight: enough to fill frames, few enough for each to be answered well before its deadline. */
const inFlightMax = 256;

/** Results in the order of the items. Starts no more once one has rejected. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  request: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await request(items[index]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlightMax, items.length) }, worker));
  return results;
}
