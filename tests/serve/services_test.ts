import { assertEquals, assertThrows } from "@std/assert";
import type { HttpError, ServedModel } from "../../serve/mod.ts";
import { findModel, type Services, soleModel } from "../../serve/services.ts";

function services(state: string, ids: string[], draining = false): Services {
  const models = new Map(ids.map((id) => [id, { id } as ServedModel]));
  const drain = draining ? AbortSignal.abort() : new AbortController().signal;
  return { engine: { state, models }, drain } as unknown as Services;
}

Deno.test("findModel: 503 while it can't answer, 404 for a stranger", () => {
  const says = (of: Services, status: number, text: string) => {
    const error = assertThrows(() => findModel(of, "a"), Error, text) as HttpError;
    assertEquals(error.status, status);
  };
  assertEquals(findModel(services("ready", ["a"]), "a").id, "a");
  says(services("loading", []), 503, "The model is loading; try again soon.");
  says(services("lost", ["a"]), 503, "The GPU is being restarted; try again soon.");
  says(services("closed", ["a"]), 503, "The engine is closed");
  says(services("ready", ["a"], true), 503, "The server is shutting down.");
  says(services("ready", ["b", "c"]), 404, 'The model "a" does not exist; there is b, c.');
});

Deno.test("soleModel: the only one, or 400", () => {
  assertEquals(soleModel(services("ready", ["a"])), "a");
  assertThrows(() => soleModel(services("ready", ["a", "b"])), Error, "model must be one of a, b");
});
