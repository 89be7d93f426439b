import { createHash, createHmac } from "node:crypto";
import { fromFileUrl } from "@std/path";

/** An S3-compatible store on loopback. */
export interface S3Server extends AsyncDisposable {
  /** The variables with which a client finds and enters it. */
  env: Record<string, string>;
  /** Path and query of each request so far. */
  requests: string[];
}

const KEYS = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
const REGION = "eu-central-1";

/**
 * Starts the server `s3rver` with a bucket `corpus` of these objects. It takes any signature, so
 * each request is checked here first, by Amazon's recipe, and pages are cut to two keys.
 */
export async function startS3(objects: Record<string, BodyInit>): Promise<S3Server> {
  const directory = await Deno.makeTempDir();
  const store = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", fromFileUrl(new URL("./s3rver.ts", import.meta.url)), directory],
    stdout: "piped",
  }).spawn();
  const port = await firstLine(store.stdout);
  for (const [key, body] of Object.entries(objects)) {
    const path = key.split("/").map(encodeURIComponent).join("/");
    const put = { method: "PUT", body, headers: signedAsAny() };
    const answer = await fetch(`http://127.0.0.1:${port}/corpus/${path}`, put);
    if (!answer.ok) throw new Error(`s3rver: ${await answer.text()}`);
    await answer.body?.cancel();
  }
  const requests: string[] = [];
  const front = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    requests.push(pathname + search);
    if (request.headers.has("authorization") && !isSigned(request)) {
      return new Response("<Error><Code>SignatureDoesNotMatch</Code></Error>", { status: 403 });
    }
    if (!request.headers.has("authorization") && !pathname.endsWith("/public.txt")) {
      return new Response("<Error><Code>AccessDenied</Code></Error>", { status: 403 });
    }
    const headers = new Headers(request.headers);
    for (const name of ["authorization", "host"]) headers.delete(name);
    for (const [name, value] of Object.entries(signedAsAny())) headers.set(name, value);
    const pages = search === "" ? "" : `${search}&max-keys=2`;
    return fetch(`http://127.0.0.1:${port}${pathname}${pages}`, { headers });
  });
  return {
    env: {
      AWS_ENDPOINT_URL: "http://127.0.0.1:9/not-this-one",
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${front.addr.port}/`,
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_REGION: REGION,
    },
    requests,
    async [Symbol.asyncDispose]() {
      await front.shutdown();
      store.kill();
      await store.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** RFC 3986: `encodeURIComponent` leaves five reserved signs. */
function encodeStrictly(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("\n")) break;
  }
  return text.trim();
}

/** What s3rver wants to see; it checks no more than the form. */
function signedAsAny(): Record<string, string> {
  return {
    authorization:
      `AWS4-HMAC-SHA256 Credential=${KEYS.accessKeyId}/x, SignedHeaders=x, Signature=x`,
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    "x-amz-date": new Date().toISOString().replace(/[:-]|\.\d{3}/g, ""),
  };
}

/** Signature Version 4 (docs.aws.amazon.com/AmazonS3, "Signature Calculations"). */
function isSigned({ method, url, headers }: Request): boolean {
  const { pathname, searchParams } = new URL(url);
  const given = /Credential=([^/]+)\/(.+), SignedHeaders=(.+), Signature=(.+)/
    .exec(headers.get("authorization")!)!;
  const [, keyId, scope, names, signature] = given;
  const [date, region, service] = scope.split("/");
  const query = [...searchParams].sort(([a], [b]) => a < b ? -1 : 1)
    .map((pair) => pair.map(encodeStrictly).join("=")).join("&");
  const lines = names.split(";").map((name) => `${name}:${headers.get(name)}\n`).join("");
  const canonical = [method, pathname, query, lines, names, headers.get("x-amz-content-sha256")];
  const hashed = createHash("sha256").update(canonical.join("\n")).digest("hex");
  const text = ["AWS4-HMAC-SHA256", headers.get("x-amz-date"), scope, hashed].join("\n");
  const key = [date, region, service, "aws4_request"].reduce<string | Uint8Array>(
    (key, part) => createHmac("sha256", key).update(part).digest(),
    `AWS4${KEYS.secretAccessKey}`,
  );
  const wanted = createHmac("sha256", key).update(text).digest("hex");
  return keyId === KEYS.accessKeyId && region === REGION && service === "s3" &&
    signature === wanted;
}
