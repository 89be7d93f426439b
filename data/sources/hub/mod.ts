/**
 * Models and data sets on Hugging Face's hub, or one that speaks like it, in its own cache.
 *
 * @module
 */
export { isHubAddress } from "./address.ts";
export { listHub } from "./list.ts";
export { type FetchedModel, fetchModel, type FetchModelOptions } from "./model.ts";
export type { HubOptions } from "./settings.ts";
