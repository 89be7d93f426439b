import { badRequest } from "../errors.ts";
import type { GenerationFields } from "./generation.ts";

/**
 * Checks that options of a stream come with a stream.
 *
 * @throws {HttpError} 400 where they don't
 */
export function assertStreamOptions(
  { stream, stream_options }: Pick<GenerationFields, "stream" | "stream_options">,
): void {
  if (stream || stream_options === undefined || stream_options === null) return;
  throw badRequest("stream_options may be there only with stream set to true", {
    param: "stream_options",
  });
}
