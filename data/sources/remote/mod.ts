/**
 * Files on web servers and in S3-compatible stores.
 *
 * @module
 */
export type { ByteRange, RemoteFacts, RemoteFile, RemoteOptions } from "./file.ts";
export { openUrl, type OpenUrlOptions } from "./http.ts";
export { listRemote, type ListRemoteOptions } from "./list.ts";
