/** A repository on a hub, and what of it is wanted. */
export interface HubAddress {
  /** Such as `openai-community/gpt2`. */
  repository: string;
  /** A branch, a tag or a commit. */
  revision: string;
  /** A path or glob within it; absent for all that fits. */
  pattern?: string;
}

/** Whether a source is on a hub. */
export function isHubAddress(source: string): boolean {
  return source.startsWith("hf:");
}

/**
 * Reads `hf:OWNER/NAME[@REVISION][/PATH]`.
 *
 * @throws {TypeError} where it is none
 */
export function parseHubAddress(source: string): HubAddress {
  const part = "[\\w.-]*\\w[\\w.-]*"; // no name of dots alone, which would lead out of the cache
  const form = new RegExp(`^hf:(${part}/${part})(?:@([\\w.-]+))?(?:/(.+))?$`);
  const [, repository, revision = "main", pattern] = form.exec(source) ?? [];
  if (repository === undefined || /^\.+$/.test(revision)) {
    throw new TypeError(
      `Cannot read the address ${source}: wanted hf:OWNER/NAME, with @REVISION or /PATH behind it if ` +
        "need be",
    );
  }
  return { repository, revision, ...(pattern !== undefined && { pattern }) };
}
