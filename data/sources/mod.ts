export { hashFile, listFiles, readBytes } from "./files.ts";
export { readText, type ReadTextOptions } from "./text.ts";
export { decodeUtf8 } from "./utf8.ts";
