import { DataError } from "../../errors.ts";
import { parseHubAddress } from "./address.ts";
import type { HubOptions } from "./settings.ts";
import { openHub } from "./snapshot.ts";

/** A model that was fetched. */
export interface FetchedModel {
  /** Its files, as Hugging Face's own programs would have them. */
  folder: string;
  /** The commit that they are of. */
  commit: string;
}

/** Options of {@linkcode fetchModel}. */
export interface FetchModelOptions extends HubOptions {
  /** Sees each file before it is fetched. @default nothing */
  onFile?: (file: { path: string; size: number }) => void;
}

/** What of a model's repository is of use, besides its weights. */
const COMPANIONS = new Set([
  ...["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"],
  ...["special_tokens_map.json", "chat_template.jinja", "model.safetensors.index.json"],
]);

/**
 * Fetches a model from a hub, unless the cache has it: configuration, tokenizer and safetensors.
 *
 * @param source `hf:OWNER/NAME[@REVISION]`
 * @throws {TypeError} where it is no such address, or names a path
 * @throws {DataError} where there is no such model, it may not be read, has no safetensors, or a file
 * is damaged
 * @example
 * ```ts ignore
 * const { folder, commit } = await fetchModel("hf:openai-community/gpt2");
 * ```
 */
export async function fetchModel(
  source: string,
  options: FetchModelOptions = {},
): Promise<FetchedModel> {
  const address = parseHubAddress(source);
  if (address.pattern !== undefined) {
    throw new TypeError(
      `Cannot fetch the model ${source}: wanted hf:OWNER/NAME[@REVISION], no path`,
    );
  }
  const snapshot = await openHub(address, "models", options);
  // A repository may hold the same weights for other programs; those in the root are transformers'.
  const wanted = snapshot.files.filter(({ path }) =>
    COMPANIONS.has(path) || /^model(-\d+-of-\d+)?\.safetensors$/.test(path)
  );
  if (!wanted.some(({ path }) => path.endsWith(".safetensors"))) {
    const pickle = snapshot.files.find(({ path }) =>
      /(model[^/]*\.bin|\.(pt|pth|ckpt|pkl))$/.test(path)
    );
    throw new DataError(
      `Cannot fetch the model: it has no safetensors${
        pickle
          ? `, but ${pickle.path}, a pickle file, which can run any code when it is opened; take a ` +
            "revision with safetensors, or save it anew in Python"
          : "; check the name"
      }`,
      source,
    );
  }
  for (const file of wanted) {
    options.onFile?.(file);
    await snapshot.fetch(file);
  }
  return { folder: snapshot.folder, commit: snapshot.commit };
}
