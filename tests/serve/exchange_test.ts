import { assertEquals, assertMatch } from "@std/assert";
import { badRequest, HttpError } from "../../serve/errors.ts";
import { Exchange } from "../../serve/exchange.ts";
import type { LogRecord } from "../../serve/mod.ts";

function record(work: (exchange: Exchange) => void): LogRecord {
  const records: LogRecord[] = [];
  const request = { id: "id-1", method: "POST", path: "/v1/" + "x".repeat(1000) };
  const exchange = new Exchange(request, (record) => records.push(record));
  work(exchange);
  exchange.end();
  exchange.end();
  assertEquals(records.length, 1, "an exchange is told once");
  return records[0];
}

Deno.test("Exchange: tells what is known, cut to a length", () => {
  const { time, duration_ms, path, ...rest } = record((exchange) => {
    exchange.client = { name: "alice", salt: "secret" };
    exchange.facts = { model: "m", prompt_tokens: 3 };
    exchange.answer("/v1/*", 200);
  });
  assertMatch(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assertEquals([typeof duration_ms, path.length], ["number", 500]);
  assertEquals(rest, {
    ...{ level: "info", request_id: "id-1", method: "POST", status: 200 },
    ...{ client: "alice", model: "m", prompt_tokens: 3 },
  });
});

Deno.test("Exchange: of a client's fault only its kind, of ours what brought it about", () => {
  const theirs = record((exchange) => exchange.fail(badRequest("got a secret", { param: "n" })));
  assertEquals([theirs.level, theirs.error, theirs.param], ["info", "invalid_request_error", "n"]);
  const ours = record((exchange) =>
    exchange.fail(new HttpError(500, "It failed", { cause: new RangeError("of this") }))
  );
  assertEquals([ours.level, ours.error], ["error", "It failed (RangeError: of this)"]);
});
