/** Steps after which other work may go on and an abort is noticed. */
const PAUSE_STEPS = 1 << 16;

/**
 * Called at each step of long work that never waits: once in a while it gives something to wait for,
 * so that other work goes on.
 *
 * @throws the signal's reason, in what it gives, where it is aborted
 */
export function pauser(signal?: AbortSignal): () => Promise<void> | undefined {
  let steps = 0;
  return () => {
    if (steps++ % PAUSE_STEPS > 0) return;
    return new Promise((resolve) => setTimeout(resolve, 0)).then(() => signal?.throwIfAborted());
  };
}
