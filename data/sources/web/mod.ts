/**
 * The main text of web pages.
 *
 * @module
 */
export { decodePage } from "./encoding.ts";
export {
  extractMainText,
  type ExtractMainTextOptions,
  type MainText,
  mainText,
} from "./main_text.ts";
