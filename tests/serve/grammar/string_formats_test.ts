import { assertEquals } from "@std/assert";
import { determinize } from "../../../serve/grammar/nfa.ts";
import { parsePattern } from "../../../serve/grammar/pattern.ts";
import { STRING_FORMATS } from "../../../serve/grammar/string_formats.ts";
import { matches } from "./dfa.ts";

const EXAMPLES: Record<string, { good: string[]; bad: string[] }> = {
  "date-time": {
    good: ["2026-11-23T08:30:00Z", "2024-02-29T23:59:59.123+05:30"],
    bad: ["2026-11-23", "2023-02-29T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T08:30:00"],
  },
  time: { good: ["00:00:00Z", "23:59:59.5-23:59"], bad: ["24:00:00Z", "12:60:00Z", "12:00Z"] },
  date: {
    good: ["2000-02-29", "1999-12-31", "2024-02-29", "0000-01-01"],
    bad: ["1900-02-29", "2023-02-29", "2024-04-31", "2024-13-01", "2024-1-1"],
  },
  duration: {
    good: ["P1Y", "P1Y2M3D", "P2W", "PT5H6M7S", "P3DT4H", "PT36H", "P1M"],
    bad: ["P", "PT", "P1", "P1W2D", "1Y", "P1H"],
  },
  email: {
    good: ["ada@example.com", "a.b+c@d-e.co.uk", "o'neil@x1.org"],
    bad: ["ada", "@example.com", "ada@", "a..b@c.de", "ada@-x.com", "ada@localhost"],
  },
  hostname: {
    good: ["localhost", "a.b-c.example.com", "1.2"],
    bad: ["", "-a.com", "a-.com", "a..b", "a_b.com"],
  },
  ipv4: {
    good: ["0.0.0.0", "192.168.1.255"],
    bad: ["256.1.1.1", "1.2.3", "01.2.3.4", "1.2.3.4.5"],
  },
  ipv6: {
    good: ["::", "::1", "1::", "2001:db8::8a2e:370:7334", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"]
      .concat(["1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "1::2:1.2.3.4"]),
    bad: ["", ":", ":::", "1:2:3:4:5:6:7", "1::2::3", "12345::", "1:2:3:4:5:6:7:8::"]
      .concat(["1:2:3:4:5:6:7:1.2.3.4", "::1:2:3:4:5:6:7:8", "1.2.3.4"]),
  },
  uuid: {
    good: ["123e4567-e89b-12d3-a456-426614174000", "ABCDEF00-0000-0000-0000-000000000000"],
    bad: ["123e4567e89b12d3a456426614174000", "123e4567-e89b-12d3-a456-42661417400g"],
  },
};

for (const [format, { good, bad }] of Object.entries(EXAMPLES)) {
  Deno.test(`string formats: ${format} holds what its RFC says`, () => {
    const dfa = determinize(parsePattern(STRING_FORMATS[format]), { spend() {} });
    assertEquals(good.filter((text) => !matches(dfa, text)), []);
    assertEquals(bad.filter((text) => matches(dfa, text)), []);
  });
}

Deno.test("string formats: each has its examples", () => {
  assertEquals(Object.keys(EXAMPLES), Object.keys(STRING_FORMATS));
});
