const HEAD_BYTES = 1024;

/**
 * The text of a page: by its byte order mark, the `charset` of its Content-Type, that of its first
 * 1024 bytes (`meta`, or the XML declaration), or else UTF-8 where it is valid and windows-1252
 * where it is not, as browsers do (html.spec.whatwg.org, "determining the character encoding").
 */
export function decodePage(bytes: Uint8Array, contentType: string = ""): string {
  const marked = markOf(bytes);
  const declared = marked ?? decoderOf(charsetOf(contentType)) ?? decoderOf(declaredIn(bytes));
  if (declared !== undefined) return declared.decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function markOf([a, b, c]: Uint8Array): TextDecoder | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return new TextDecoder();
  if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le");
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be");
}

function charsetOf(contentType: string): string | undefined {
  return /charset\s*=\s*["']?\s*([^\s"';,]+)/i.exec(contentType)?.[1];
}

function declaredIn(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder("windows-1252").decode(bytes.subarray(0, HEAD_BYTES));
  for (const [meta] of head.replace(/<!--.*?-->/gs, "").matchAll(/<meta\s[^>]*>/gi)) {
    const charset = charsetOf(meta);
    // A page whose bytes could be read so far is no UTF-16, whatever it says.
    if (charset !== undefined) return charset.replace(/^utf-?16.*$/i, "utf-8");
  }
  return /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']/i.exec(head)?.[1];
}

/** None for a label that no browser knows. */
function decoderOf(label: string | undefined): TextDecoder | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}
