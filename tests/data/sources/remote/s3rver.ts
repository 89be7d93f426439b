/**
 * Runs the S3-compatible server `s3rver` with an empty bucket `corpus` in the folder named by the
 * argument, and prints its port. A process of its own, for it asks for more rights than tests have.
 *
 * @module
 */
import crypto from "node:crypto";
import S3rver from "s3rver";

// s3rver seals its page tokens with DES, which has gone from Deno and OpenSSL 3: AES serves.
const { createCipheriv, createDecipheriv } = crypto;
const double = (bytes: Uint8Array) => new Uint8Array([...bytes, ...bytes]);
Object.assign(crypto, {
  createCipheriv: (_name: string, key: Uint8Array, iv: Uint8Array) =>
    createCipheriv("aes-128-cbc", double(key), double(iv)),
  createDecipheriv: (_name: string, key: Uint8Array, iv: Uint8Array) =>
    createDecipheriv("aes-128-cbc", double(key), double(iv)),
});

const store = new S3rver({
  port: 0,
  address: "127.0.0.1",
  silent: true,
  directory: Deno.args[0],
  configureBuckets: [{ name: "corpus", configs: [] }],
});
console.log((await store.run()).port);
