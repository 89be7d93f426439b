export { assertConserved, type PackingAccounting } from "./accounting.ts";
export {
  type Packer,
  packer,
  type PackerOptions,
  type PackingStrategy,
  type PackStream,
  packStream,
} from "./packer.ts";
export type { PackingDocument, Row } from "./row.ts";
