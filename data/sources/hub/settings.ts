import type { RemoteOptions } from "../remote/mod.ts";

/** Options of reading from a hub. */
export interface HubOptions extends RemoteOptions {
  /**
   * Looked up in it: `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, `HOME`.
   * @default those of the process
   */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Where the hub is, who asks, and where files are kept. */
export interface HubSettings {
  /** Without a slash at its end. */
  endpoint: string;
  token?: string;
  /** The folder that Hugging Face's own programs keep repositories in. */
  cache: string;
}

const VARIABLES = [
  "HF_ENDPOINT",
  "HF_TOKEN",
  "HF_HUB_CACHE",
  "HF_HOME",
  "XDG_CACHE_HOME",
  "HOME",
  "USERPROFILE",
];

/** The settings that the environment gives, as Hugging Face's programs read it. */
export function hubSettings({ env = processEnv() }: HubOptions): HubSettings {
  const base = env.XDG_CACHE_HOME || `${env.HOME || env.USERPROFILE || "."}/.cache`;
  return {
    endpoint: (env.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, ""),
    ...(env.HF_TOKEN && { token: env.HF_TOKEN.trim() }),
    cache: env.HF_HUB_CACHE || `${env.HF_HOME || `${base}/huggingface`}/hub`,
  };
}

function processEnv(): Record<string, string | undefined> {
  return Object.fromEntries(VARIABLES.map((name) => [name, Deno.env.get(name)]));
}
