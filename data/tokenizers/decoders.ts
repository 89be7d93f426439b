import { byteAlphabetReader } from "./byte_level.ts";
import type { JsonPart } from "./json_part.ts";
import { readPattern } from "./json_pattern.ts";
import { readByteLevel, readMetaspace } from "./pre_tokenizers.ts";

/** One step from tokens to text; the texts that the last step leaves are joined. */
export type Decoder = (tokens: string[]) => string[];

const KINDS: Readonly<Record<string, (part: JsonPart) => Decoder>> = {
  BPEDecoder(part) {
    const suffix = part.string("suffix", "</w>");
    return (tokens) =>
      tokens.map((token, i) =>
        suffix === "" ? token : token.replaceAll(suffix, i + 1 < tokens.length ? " " : "")
      );
  },
  ByteFallback: () => byteFallback,
  ByteLevel(part) {
    readByteLevel(part);
    const bytesOf = byteAlphabetReader();
    const utf8 = new TextEncoder();
    return (tokens) => {
      const bytes = tokens.map((token) => bytesOf(token) ?? utf8.encode(token));
      return [decodeBytes(bytes.flatMap((part) => [...part]))];
    };
  },
  CTC(part) {
    const pad = part.string("pad_token", "<pad>");
    const delimiter = part.string("word_delimiter_token", "|");
    const cleans = part.boolean("cleanup", true);
    return (tokens) =>
      tokens.filter((token, i) => token !== tokens[i - 1]).map((token) => {
        const text = pad === "" ? token : token.replaceAll(pad, "");
        return cleans && delimiter !== "" ? cleanUp(text).replaceAll(delimiter, " ") : text;
      }).filter((text) => text !== "");
  },
  Fuse: () => (tokens) => tokens.length === 0 ? [] : [tokens.join("")],
  Metaspace(part) {
    const { replacement, scheme } = readMetaspace(part);
    return (tokens) =>
      tokens.map((token, i) => {
        // One space was put before the text; others there are its own.
        const isAdded = i === 0 && scheme !== "never" && token.startsWith(replacement);
        return token.slice(isAdded ? replacement.length : 0).replaceAll(replacement, " ");
      });
  },
  Replace(part) {
    const [pattern, content] = [readPattern(part), part.string("content")];
    return (tokens) => tokens.map((token) => token.replace(pattern, () => content));
  },
  Sequence(part) {
    const steps = part.parts("decoders").map(readDecoder);
    return (tokens) => steps.reduce((texts, step) => step(texts), tokens);
  },
  Strip: readStrip,
  WordPiece(part) {
    const [prefix, cleans] = [part.string("prefix", "##"), part.boolean("cleanup", true)];
    return (tokens) =>
      tokens.map((token, i) => {
        let text = token;
        if (i > 0) {
          text = prefix !== "" && token.startsWith(prefix)
            ? token.slice(prefix.length)
            : " " + token;
        }
        return cleans ? cleanUp(text) : text;
      });
  },
};

/** Reads a decoder. */
export function readDecoder(part: JsonPart): Decoder {
  const type = part.choice("type", Object.keys(KINDS));
  const decoder = KINDS[type](part);
  part.end();
  return decoder;
}

/** Joins runs of tokens such as `<0xE8>`; a run that is no UTF-8 is one U+FFFD for each byte. */
function byteFallback(tokens: string[]): string[] {
  const texts: string[] = [];
  let run: number[] = [];
  const endRun = () => {
    if (run.length > 0) texts.push(decodeBytes(run, true));
    run = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([\da-fA-F]{2})>$/.exec(token);
    if (byte) run.push(parseInt(byte[1], 16));
    else {
      endRun();
      texts.push(token);
    }
  }
  endRun();
  return texts;
}

function decodeBytes(bytes: number[], whole = false): string {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: whole }).decode(
      Uint8Array.from(bytes),
    );
  } catch {
    return "\ufffd".repeat(bytes.length);
  }
}

function readStrip(part: JsonPart): Decoder {
  const content = part.string("content");
  const [start, stop] = [part.count("start", 0), part.count("stop", 0)];
  if ([...content].length !== 1) part.refuse("content", "one character", content);
  return (tokens) =>
    tokens.map((token) => {
      let [from, to] = [0, token.length];
      for (let i = 0; i < start && token.startsWith(content, from); i++) from += content.length;
      for (let i = 0; i < stop && to > from && token.endsWith(content); i++) {
        to -= content.length;
        token = token.slice(0, to);
      }
      return token.slice(from, to);
    });
}

/** English as it is written: no space before a full stop, and contractions in one. */
function cleanUp(text: string): string {
  return text.replaceAll(" .", ".").replaceAll(" ?", "?").replaceAll(" !", "!")
    .replaceAll(" ,", ",").replaceAll(" ' ", "'").replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m").replaceAll(" do not", " don't").replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve").replaceAll(" 're", "'re");
}
