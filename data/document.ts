/** One text of a corpus and where it came from. */
export interface Document {
  /** Names the document within its source; unique there. */
  id: string;
  /** The text itself. */
  text: string;
  /** The file, object or page it was read from, as the user named it. */
  source: string;
  /** What else the source tells: the other fields of a record, headers, a URL; plain JSON. */
  metadata: Record<string, unknown>;
  /** Whether the text is a web page as HTML, of which {@linkcode mainText} makes text. @default false */
  html?: boolean;
}
