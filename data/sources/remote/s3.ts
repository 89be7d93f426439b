import { AwsClient } from "aws4fetch";
import { DataError } from "../../errors.ts";
import type { RemoteFacts, RemoteFile, RemoteOptions } from "./file.ts";
import { openUrl } from "./http.ts";

/** Where a bucket is and how requests to it are signed. */
export interface S3Options extends RemoteOptions {
  /**
   * Looked up in it: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`,
   * `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_DEFAULT_REGION`. Without keys
   * requests go unsigned, as public buckets take them. @default those of the process
   */
  env?: Readonly<Record<string, string | undefined>>;
}

/** A bucket of an S3-compatible store. */
export interface Bucket {
  /** The object of a key. */
  open(key: string, facts?: RemoteFacts): RemoteFile;
  /**
   * All objects whose keys begin with the prefix, in order of key.
   *
   * @throws {DataError} where the store refuses or its answer is no listing
   */
  list(prefix: string): Promise<S3Object[]>;
}

/** What a listing says of an object. */
export interface S3Object {
  key: string;
  /** In bytes. */
  size: number;
  etag?: string;
}

const VARIABLES = [
  "AWS_ENDPOINT_URL_S3",
  "AWS_ENDPOINT_URL",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_REGION",
  "AWS_DEFAULT_REGION",
];

/** Opens a bucket; nothing is sent yet. */
export function openBucket(bucket: string, options: S3Options = {}): Bucket {
  const env = options.env ?? processEnv();
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || "us-east-1";
  const base = bucketUrl(bucket, env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL, region);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const client = !accessKeyId || !secretAccessKey ? null : new AwsClient({
    accessKeyId,
    secretAccessKey,
    sessionToken: env.AWS_SESSION_TOKEN || undefined,
    region,
    service: "s3",
  });
  const prepare = (url: URL): Promise<Request> =>
    client === null ? Promise.resolve(new Request(url)) : client.sign(url);

  async function listPage(prefix: string, token: string | undefined): Promise<Page> {
    const query = { "list-type": "2", "encoding-type": "url", prefix, "continuation-token": token };
    const search = Object.entries(query).filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodePath(value!).replaceAll("/", "%2F")}`).join("&");
    const path = `s3://${bucket}/${prefix}`;
    const page = openUrl(`${base}?${search}`, { ...options, path, prepare });
    return parsePage(await new Response(page.open()).text(), path);
  }

  return {
    open(key, facts) {
      const path = `s3://${bucket}/${key}`;
      const url = new URL(`${base}/${encodePath(key)}`);
      if (!url.pathname.endsWith(`/${encodePath(key)}`)) {
        throw new DataError(
          'Cannot read the object: a key with "." or ".." between slashes does not fit into a ' +
            "URL; rename it",
          path,
        );
      }
      return openUrl(url.href, { ...options, ...facts, path, prepare });
    },
    async list(prefix) {
      const objects: S3Object[] = [];
      let token: string | undefined;
      do {
        const page = await listPage(prefix, token);
        objects.push(...page.objects);
        token = page.next;
      } while (token !== undefined);
      return objects.sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
    },
  };
}

/** Amazon's own address has the bucket as a host name, unless a dot in it would break TLS. */
function bucketUrl(bucket: string, endpoint: string | undefined, region: string): string {
  if (endpoint) return `${endpoint.replace(/\/+$/, "")}/${bucket}`;
  const host = `s3.${region}.amazonaws.com`;
  return bucket.includes(".") ? `https://${host}/${bucket}` : `https://${bucket}.${host}`;
}

/** As signatures want it (RFC 3986): all but letters, digits, `-._~` and `/` as `%XX`. */
function encodePath(text: string): string {
  return encodeURIComponent(text).replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function processEnv(): Record<string, string | undefined> {
  return Object.fromEntries(VARIABLES.map((name) => [name, Deno.env.get(name)]));
}

interface Page {
  objects: S3Object[];
  /** The token of the next page. */
  next?: string;
}

/** As much of an XML element as a listing takes. */
interface XmlElement {
  tagName: string;
  textContent: string;
  children: Iterable<XmlElement>;
}

/** The answer of ListObjectsV2. */
async function parsePage(xml: string, path: string): Promise<Page> {
  const { DOMParser } = await import("linkedom");
  const root = new DOMParser().parseFromString(xml, "text/xml")
    .documentElement as unknown as XmlElement | null;
  const field = (parent: XmlElement, name: string): string | undefined =>
    [...parent.children].find(({ tagName }) => tagName === name)?.textContent;
  const truncated = root?.tagName === "ListBucketResult" ? field(root, "IsTruncated") : undefined;
  if (root === null || truncated === undefined) {
    throw new DataError(
      "Cannot list the bucket: wanted a ListBucketResult, got something else; check that " +
        "AWS_ENDPOINT_URL_S3 is an S3-compatible store",
      path,
    );
  }
  const encoded = field(root, "EncodingType") === "url";
  const objects = [...root.children].filter(({ tagName }) => tagName === "Contents")
    .map((entry) => {
      const key = field(entry, "Key") ?? "";
      return {
        key: encoded ? decodeURIComponent(key.replaceAll("+", " ")) : key,
        size: Number(field(entry, "Size")),
        etag: field(entry, "ETag"),
      };
    });
  const next = truncated === "true" ? field(root, "NextContinuationToken") : undefined;
  return { objects, next };
}
