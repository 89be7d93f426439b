import { assertEquals } from "@std/assert";
import { HTTPException } from "hono/http-exception";
import { badRequest, HttpError, toHttpError, unavailable } from "../../serve/errors.ts";

Deno.test("HttpError: the four keys by status, details and headers", async () => {
  const body = (error: HttpError) => error.body.error;
  assertEquals(body(badRequest("No", { param: "n" })), {
    ...{ message: "No", type: "invalid_request_error", param: "n", code: null },
  });
  const types = [401, 404, 429, 500, 503, 504].map((status) => {
    const { type, code } = body(new HttpError(status, "x"));
    return [status, type, code];
  });
  assertEquals(types, [
    [401, "invalid_request_error", "invalid_api_key"],
    [404, "invalid_request_error", null],
    [429, "rate_limit_error", "rate_limit_exceeded"],
    [500, "server_error", null],
    [503, "service_unavailable_error", null],
    [504, "service_unavailable_error", "deadline_exceeded"],
  ]);
  const response = unavailable("Soon", 3).toResponse();
  assertEquals([response.status, response.headers.get("retry-after")], [503, "3"]);
  assertEquals((await response.json()).error.message, "Soon");
});

Deno.test("toHttpError: what went wrong inside is not told, and not worth repeating", () => {
  const secret = new Error("/home/me/secret.ts failed");
  const error = toHttpError(secret);
  assertEquals([error.status, error.cause], [500, secret]);
  assertEquals(JSON.stringify(error.body).includes("secret"), false);
  assertEquals(error.toResponse().headers.get("x-should-retry"), "false");
  assertEquals(toHttpError(new HTTPException(400, { message: "Malformed" })).message, "Malformed");
  assertEquals(toHttpError(new HTTPException(500, { message: "inner" })).message, error.message);
  assertEquals(toHttpError(error), error);
});
