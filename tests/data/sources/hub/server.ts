/** A hub of the shape of Hugging Face's, on the loopback interface. */
import { createHash } from "node:crypto";

/** What a hub holds and how it behaves. */
export interface HubOptions {
  /** Content of files by repository and path; those of 100 bytes or more are large ones. */
  repositories: Record<string, Record<string, Uint8Array | string>>;
  /** Repositories that need this token. */
  private?: { token: string; names: string[] };
}

/** A hub that runs. */
export interface Hub extends AsyncDisposable {
  url: string;
  /** Method, path, range and authorization of each request. */
  requests: { path: string; range: string | null; authorization: string | null }[];
  /** Cuts off the next answer with content after so many bytes. */
  cutAfter?: number;
  /** Answers content with a byte changed. */
  damaged?: boolean;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

const bytesOf = (content: Uint8Array | string) =>
  typeof content === "string" ? new TextEncoder().encode(content) : content;
const isLarge = (bytes: Uint8Array) => bytes.length >= 100;
export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
export const gitHash = (bytes: Uint8Array) =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

/** Starts a hub; large files are on a second server, as they are on a content network. */
export function startHub(options: HubOptions): Hub {
  const requests: Hub["requests"] = [];
  const note = (request: Request) =>
    requests.push({
      path: new URL(request.url).pathname,
      range: request.headers.get("range"),
      authorization: request.headers.get("authorization"),
    });
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const content = (request: Request, bytes: Uint8Array): Response => {
    const [, from = "0", to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get("range") ?? "") ?? [];
    const end = to ? Number(to) + 1 : bytes.length;
    let body = bytes.slice(Number(from), end);
    if (hub.damaged) body[0] ^= 1;
    const headers: Record<string, string> = {
      etag: `"${isLarge(bytes) ? sha256(bytes) : gitHash(bytes)}"`,
      "content-length": `${body.length}`,
      "accept-ranges": "bytes",
    };
    const isPart = request.headers.has("range");
    if (isPart) headers["content-range"] = `bytes ${from}-${end - 1}/${bytes.length}`;
    const cut = hub.cutAfter;
    if (cut !== undefined && body.length > cut) {
      hub.cutAfter = undefined;
      body = body.slice(0, cut);
      const broken = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (body.length === 0) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            return controller.error(new Error("cut"));
          }
          controller.enqueue(body);
          body = new Uint8Array(0);
        },
      });
      return new Response(broken, { status: isPart ? 206 : 200, headers });
    }
    return new Response(body, { status: isPart ? 206 : 200, headers });
  };
  const network = Deno.serve(quiet, (request) => {
    note(request);
    const [repository, path] = decodeURIComponent(new URL(request.url).pathname.slice(1)).split(
      "::",
    );
    return content(request, bytesOf(options.repositories[repository][path]));
  });
  const site = Deno.serve(quiet, (request) => {
    note(request);
    const { pathname } = new URL(request.url);
    const api = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(pathname);
    const file = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    const name = api?.[2] ?? file?.[2] ?? "";
    const files = options.repositories[name];
    const refused = options.private?.names.includes(name) &&
      request.headers.get("authorization") !== `Bearer ${options.private.token}`;
    if (refused) return new Response("no", { status: 401 });
    const revision = api?.[3] ?? file?.[3];
    if (!files || !["main", "v1", COMMIT].includes(revision ?? "")) {
      return new Response("Not found", { status: 404 });
    }
    if (api) {
      const siblings = Object.entries(files).map(([rfilename, text]) => {
        const bytes = bytesOf(text);
        const common = { rfilename, size: bytes.length, blobId: gitHash(bytes) };
        return isLarge(bytes)
          ? { ...common, lfs: { sha256: sha256(bytes), size: bytes.length } }
          : common;
      });
      return Response.json({ id: name, sha: COMMIT, siblings });
    }
    const path = decodeURIComponent(file![4]);
    const bytes = bytesOf(files[path] ?? "");
    if (!isLarge(bytes)) return content(request, bytes);
    const target = `http://127.0.0.1:${network.addr.port}/${
      encodeURIComponent(`${name}::${path}`)
    }`;
    return new Response(null, { status: 302, headers: { location: target } });
  });
  const hub: Hub = {
    url: `http://127.0.0.1:${site.addr.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      await Promise.all([site.shutdown(), network.shutdown()]);
    },
  };
  return hub;
}
