import { concatBytes } from "../../../../data/sources/byte_reader.ts";
import { utf8 } from "../streams.ts";

/** What a tar header says, where it isn't what a plain file has. */
export interface TarFields {
  type?: string;
  prefix?: string;
  magic?: string;
  /** Raw characters of the field. */
  size?: string;
}

/** A member of a tar archive: header, content, padding. */
export function tarMember(
  name: string,
  content: string | Uint8Array = "",
  { type = "0", prefix = "", magic = "ustar\x0000", size }: TarFields = {},
): Uint8Array {
  const bytes = typeof content === "string" ? utf8(content) : content;
  const member = new Uint8Array(512 + Math.ceil(bytes.length / 512) * 512);
  const put = (text: string, at: number) => member.set(utf8(text), at);
  put(name, 0);
  put("0000644\0", 100);
  const field = size ?? `${bytes.length.toString(8).padStart(11, "0")}\0`;
  member.set(Uint8Array.from(field, (character) => character.charCodeAt(0)), 124);
  put("        ", 148);
  put(type, 156);
  put(magic, 257);
  put(prefix, 345);
  const sum = member.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  member.set(bytes, 512);
  return member;
}

/** An extended header of pax. */
export function paxHeader(fields: Record<string, string>, type = "x"): Uint8Array {
  const records = Object.entries(fields).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const bytes = utf8(rest).length;
    let length = bytes + 1;
    while (`${length}`.length + bytes !== length) length++;
    return `${length}${rest}`;
  });
  return tarMember("pax", records.join(""), { type });
}

/** The archive of these members, with its end mark. */
export function tarOf(...members: Uint8Array[]): Uint8Array {
  return concatBytes([...members, new Uint8Array(1024)]);
}

/** A WARC record with these header fields and block. */
export function warcRecord(
  fields: Record<string, string>,
  block: string | Uint8Array,
): Uint8Array {
  const bytes = typeof block === "string" ? utf8(block) : block;
  const all = { "Content-Length": `${bytes.length}`, ...fields };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return concatBytes([utf8(`WARC/1.0\r\n${head}\r\n`), bytes, utf8("\r\n\r\n")]);
}

/** A record of what a server answered. */
export function warcResponse(id: string, head: string, body: string | Uint8Array): Uint8Array {
  const bytes = typeof body === "string" ? utf8(body) : body;
  return warcRecord(
    {
      "WARC-Type": "response",
      "WARC-Record-ID": `<urn:${id}>`,
      "WARC-Target-URI": `https://example.org/${id}`,
      "WARC-Date": "2026-01-02T03:04:05Z",
      "Content-Type": "application/http; msgtype=response",
    },
    concatBytes([utf8(`${head.replaceAll("\n", "\r\n")}\r\n\r\n`), bytes]),
  );
}
