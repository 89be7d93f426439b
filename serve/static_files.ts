import type { Handler } from "hono";

/** What a page may do: run and show what this server sends, and talk to it; nothing else. */
const PAGE_POLICY = [
  "default-src 'none'",
  ...["script-src", "style-src", "img-src", "connect-src"].map((kind) => `${kind} 'self'`),
  ...["base-uri", "form-action", "frame-ancestors"].map((kind) => `${kind} 'none'`),
].join("; ");

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * Answers with a file of ours, under a strict content security policy.
 *
 * @param url where it is: beside the code, on the disk, in the binary or on the web
 */
export function staticFile(url: URL): Handler {
  const type = TYPES[url.pathname.split(".").at(-1)!];
  let content: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return async function staticFile() {
    const bytes = await (content ??= read(url));
    return new Response(bytes, {
      headers: {
        "content-type": type,
        "cache-control": "no-cache",
        "content-security-policy": PAGE_POLICY,
      },
    });
  };
}

async function read(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  return url.protocol === "file:" ? await Deno.readFile(url) : await (await fetch(url)).bytes();
}
