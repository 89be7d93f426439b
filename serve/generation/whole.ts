import type { Context } from "hono";
import { clientGone, HttpError, unavailable } from "../errors.ts";
import type { AppEnv, Services } from "../services.ts";

/**
 * Does what is answered as a whole, as long as the client waits, the server runs and there is time.
 *
 * @param work is told by the signal when to end
 * @throws {HttpError} 499 where the client has gone, 503 where the server ends, 504 where it took too long
 */
export async function computeWhole<T>(
  c: Context<AppEnv>,
  { limits, stop }: Pick<Services, "limits" | "stop">,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const gone = c.req.raw.signal;
  const late = AbortSignal.timeout(1000 * limits.totalSeconds);
  try {
    return await work(AbortSignal.any([gone, stop, late]));
  } catch (error) {
    if (gone.aborted) throw clientGone(error);
    if (stop.aborted) throw unavailable("The server is shutting down.", 5);
    if (late.aborted) throw new HttpError(504, `Not done in ${limits.totalSeconds} seconds.`);
    throw error;
  }
}
