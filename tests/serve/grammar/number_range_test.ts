import { assert, assertEquals, assertThrows } from "@std/assert";
import { ALL } from "../../../serve/grammar/code_points.ts";
import { Reader } from "../../../serve/grammar/configurations.ts";
import { NetworkBuilder } from "../../../serve/grammar/network.ts";
import { type NumberRange, writeNumberRange } from "../../../serve/grammar/number_range.ts";

/** Whether the numbers of a range hold a text. */
function reading(range: NumberRange): (text: string) => boolean {
  const builder = new NetworkBuilder({ alphabet: ALL, longest: 1 });
  const rule = builder.rule("numbers", (from, to) => writeNumberRange(builder, from, to, range));
  const network = builder.finish(rule);
  if (network === undefined) return () => false;
  return (text) => {
    const reader = new Reader(network);
    let now = reader.start();
    for (const byte of new TextEncoder().encode(text)) now = reader.read(now, byte);
    return now.complete;
  };
}

/** Decimals with up to three digits before the point and two behind it. */
function* decimals(): Generator<string> {
  for (let hundredths = 0; hundredths < 30_000; hundredths += hundredths < 300 ? 1 : 7) {
    const whole = String(Math.floor(hundredths / 100));
    const fraction = String(hundredths % 100).padStart(2, "0");
    const texts = [`${whole}.${fraction}`];
    if (fraction.endsWith("0")) texts.push(`${whole}.${fraction[0]}`);
    if (fraction === "00") texts.push(whole);
    for (const text of texts) yield* [text, `-${text}`];
  }
}

const RANGES: NumberRange[] = [
  { minimum: 0.5, maximum: 2.5 },
  { minimum: -1.25, maximum: 10 },
  { minimum: 1, maximum: 1 },
  { minimum: 9, maximum: 101 },
  { minimum: -20, maximum: -3 },
  { minimum: 99.99 },
  { maximum: -0.01 },
  { minimum: 0, maximum: 0.1, exclusiveMinimum: true },
  { minimum: -2, maximum: 0, exclusiveMaximum: true },
  { minimum: -2, maximum: 0 },
  { minimum: 1.5, maximum: 2, exclusiveMinimum: true, exclusiveMaximum: true },
  { integer: true, minimum: -3.5, maximum: 120.5 },
  { integer: true, minimum: 100 },
  { integer: true, multipleOf: 7, minimum: -50 },
  { integer: true, multipleOf: 0.5, maximum: 12 },
  { multipleOf: 0.25, minimum: 1 },
  { multipleOf: 0.3 },
  { multipleOf: 12 },
  {},
];

Deno.test("number range: holds exactly the decimals within", () => {
  for (const range of RANGES) {
    const holds = reading(range);
    let count = 0;
    for (const text of decimals()) {
      const value = Number(text);
      const { minimum = -Infinity, maximum = Infinity, multipleOf } = range;
      const isAbove = range.exclusiveMinimum ? value > minimum : value >= minimum;
      const isBelow = range.exclusiveMaximum ? value < maximum : value <= maximum;
      const units = Math.round(value * 100);
      const isMultiple = multipleOf === undefined || units % Math.round(multipleOf * 100) === 0;
      const digits = text.split(".")[1]?.length ?? 0;
      const mostDigits = range.integer ? 0 : String(multipleOf ?? 0.001).split(".")[1]?.length ?? 0;
      const isZero = value === 0 && text.startsWith("-");
      const expected = isAbove && isBelow && isMultiple && digits <= mostDigits && !isZero;
      count += Number(expected);
      assertEquals(holds(text), expected, `${text} in ${JSON.stringify(range)}`);
    }
    assert(count > 0, JSON.stringify(range));
  }
});

Deno.test("number range: bounds of any size and no digits without end", () => {
  assert(reading({ minimum: 1e-7, maximum: 1.5e-7 })("0.00000012"));
  assert(!reading({ minimum: 1e-7, maximum: 1.5e-7 })("0.0000002"));
  assert(reading({ minimum: -1e300, maximum: 1e300 })("999999999999999999999"));
  assert(!reading({})("1000000000000000000000"));
  assert(!reading({ minimum: 1e22 })("10000000000000000000000"), "nothing is left");
  assert(reading({})("0." + "1".repeat(20)));
  assert(!reading({})("0." + "1".repeat(21)));
  assert(!reading({})("00") && !reading({})("1.") && !reading({})("-"));
});

Deno.test("number range: a divisor of many digits is refused", () => {
  for (const multipleOf of [1001, 0.12345, 1e-21]) {
    assertThrows(
      () => reading({ multipleOf }),
      RangeError,
      "multipleOf must have at most 20 decimals and be at most 1000",
    );
  }
});
