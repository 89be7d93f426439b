import { DataError } from "../../errors.ts";
import { openUrl } from "../remote/mod.ts";
import type { HubAddress } from "./address.ts";
import { fetchBlob, linkBlob, writeRef } from "./cache.ts";
import { type HubOptions, hubSettings } from "./settings.ts";

/** Which kind of repository. */
export type HubKind = "models" | "datasets";

/** A file of a repository. */
export interface HubFile {
  /** Within the repository. */
  path: string;
  /** In bytes. */
  size: number;
  /** What the cache calls its content: SHA-256 of a large file, git's SHA-1 of a small one. */
  blob: string;
}

/** A repository at one commit. */
export interface HubSnapshot {
  /** The commit that the revision stands for. */
  commit: string;
  /** All files of it. */
  files: readonly HubFile[];
  /** Where the cache keeps them. */
  folder: string;
  /**
   * Fetches a file, unless the cache has it, and checks its hash; what was fetched before a break is
   * not fetched again.
   *
   * @returns its path in the cache
   * @throws {DataError} where the hub refuses or stays silent, or the content has another hash
   */
  fetch(file: HubFile): Promise<string>;
}

/**
 * Asks a hub for a repository at a revision; no file is fetched yet.
 *
 * @throws {DataError} where there is no such repository or revision, or it may not be read
 */
export async function openHub(
  { repository, revision }: HubAddress,
  kind: HubKind,
  options: HubOptions = {},
): Promise<HubSnapshot> {
  const { endpoint, token, cache } = hubSettings(options);
  const address = `hf:${repository}@${revision}`;
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const prepare = (url: URL) => Promise.resolve(new Request(url, { headers }));
  const open = (url: string, path: string) => openUrl(url, { ...options, prepare, path });

  const url = `${endpoint}/api/${kind}/${repository}/revision/${encodeURIComponent(revision)}`;
  const answer = await new Response(open(`${url}?blobs=true`, address).open()).text()
    .catch((error) => {
      if (!(error instanceof DataError) || !/ (401|403|404)\b/.test(error.message)) throw error;
      throw new DataError(
        `Cannot find the ${kind.slice(0, -1)}: the hub at ${endpoint} has none of that name and ` +
          `revision, or ${
            token === undefined
              ? "it is private and HF_TOKEN is not set"
              : "HF_TOKEN may not read it"
          }`,
        address,
        0,
        { cause: error },
      );
    });
  const { commit, files } = parseAnswer(answer, address);
  const folder = `${cache}/${kind}--${repository.replace("/", "--")}`;
  const site = `${endpoint}/${kind === "models" ? "" : `${kind}/`}${repository}`;
  if (revision !== commit) await writeRef(folder, revision, commit);
  return {
    ...{ commit, files },
    folder: `${folder}/snapshots/${commit}`,
    async fetch(file) {
      const path = `hf:${repository}@${commit}/${file.path}`;
      const encoded = file.path.split("/").map(encodeURIComponent).join("/");
      const remote = open(`${site}/resolve/${commit}/${encoded}`, path);
      const blob = await fetchBlob(folder, file, remote);
      return await linkBlob(folder, commit, file.path, blob);
    },
  };
}

/** The commit and the files in what the hub says of a revision. */
function parseAnswer(text: string, address: string): { commit: string; files: HubFile[] } {
  const fail = (problem: string): never => {
    throw new DataError(
      `Cannot read the hub's answer: ${problem}; check that HF_ENDPOINT is a Hugging Face hub`,
      address,
    );
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    fail(`it is no JSON (${(error as Error).message})`);
  }
  const { sha, siblings } = Object(json) as { sha?: unknown; siblings?: unknown };
  if (typeof sha !== "string" || !/^[0-9a-f]{40}$/.test(sha)) fail("it tells no commit (sha)");
  if (!Array.isArray(siblings)) return fail("it lists no files (siblings)");
  const files = siblings.map((entry): HubFile => {
    const { rfilename: path, size, blobId, lfs } = Object(entry);
    const blob = lfs?.sha256 ?? blobId;
    if (typeof path !== "string" || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(blob)) {
      return fail(`it tells no hash of ${JSON.stringify(path)}`);
    }
    if (path.split("/").some((part) => part === "" || part === "." || part === "..")) {
      fail(`it lists a file outside of the repository, ${path}`);
    }
    return { path, size: Number(size), blob };
  });
  return { commit: sha as string, files };
}
