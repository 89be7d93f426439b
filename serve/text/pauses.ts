/** Longest stretch of work that other requests have to wait for, in milliseconds. */
const STRETCH_MS = 5;

/**
 * Maps one after the other and lets other requests have their turn every few milliseconds, so that a
 * body of thousands of texts does not hold up the rest.
 */
export async function mapWithPauses<T, R>(
  items: readonly T[],
  map: (item: T, index: number) => R,
): Promise<R[]> {
  const results: R[] = [];
  let since = performance.now();
  for (const [i, item] of items.entries()) {
    results.push(map(item, i));
    if (performance.now() - since < STRETCH_MS) continue;
    await new Promise((resolve) => setTimeout(resolve, 0));
    since = performance.now();
  }
  return results;
}
