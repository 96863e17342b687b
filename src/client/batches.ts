/** Many requests as one call. */

import { clientLimits } from '../../actors/rules/limits/client.js';
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
  await Promise.all(
    Array.from({ length: Math.min(clientLimits.batchRequestsMax, items.length) }, worker),
  );
  return results;
}
