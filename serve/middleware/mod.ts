/** What every request passes before its route; `serve/app.ts` has the order. */
export { authenticate } from "./authenticate.ts";
export { bodyLimit, readBody } from "./body_limit.ts";
export { checkHost, LOOPBACK_HOSTS } from "./check_host.ts";
export { cors } from "./cors.ts";
export { assertJsonBounds, jsonBody } from "./json_body.ts";
export { observe } from "./observe.ts";
export { limitRate, Quota } from "./quota.ts";
export { securityHeaders } from "./security_headers.ts";
