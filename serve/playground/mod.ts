/** The playground: a page without a build step, whose files lie in modules so that any way of running Quern has them. */
import { mainJs } from "./main.js.ts";
import { iconSvg, pageHtml } from "./page.html.ts";
import { requestsJs } from "./requests.js.ts";
import { settingsJs } from "./settings.js.ts";
import { streamJs } from "./stream.js.ts";
import { styleCss } from "./style.css.ts";
import { transcriptJs } from "./transcript.js.ts";

/** A file that the server gives out as it is. */
export interface StaticFile {
  /** Its `Content-Type`. */
  contentType: string;
  /** Its text. */
  content: string;
}

const script = (content: string): StaticFile => ({
  contentType: "text/javascript; charset=utf-8",
  content,
});

/** The playground's files by path. The page needs nothing else and asks nobody else. */
export const PLAYGROUND_FILES: ReadonlyMap<string, StaticFile> = new Map([
  ["/", { contentType: "text/html; charset=utf-8", content: pageHtml }],
  ["/playground/icon.svg", { contentType: "image/svg+xml", content: iconSvg }],
  ["/playground/style.css", { contentType: "text/css; charset=utf-8", content: styleCss }],
  ["/playground/main.js", script(mainJs)],
  ["/playground/requests.js", script(requestsJs)],
  ["/playground/settings.js", script(settingsJs)],
  ["/playground/stream.js", script(streamJs)],
  ["/playground/transcript.js", script(transcriptJs)],
]);

/** What the page may load and do: its own files, and requests to its own server. */
export const PLAYGROUND_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
