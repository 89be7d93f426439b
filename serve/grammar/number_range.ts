import type { NetworkBuilder } from "./network.ts";

/** Most digits before and behind the point. */
const [MAX_INTEGER_DIGITS, MAX_FRACTION_DIGITS] = [21, 20];
/** Largest divisor, in units of its last decimal. */
const MAX_DIVISOR = 1000n;

/** The numbers to be written. */
export interface NumberRange {
  /** @default none */
  minimum?: number;
  /** Whether the minimum itself is no such number. @default false */
  exclusiveMinimum?: boolean;
  /** @default none */
  maximum?: number;
  /** Whether the maximum itself is no such number. @default false */
  exclusiveMaximum?: boolean;
  /** What divides the numbers. @default none */
  multipleOf?: number;
  /** Whether they are whole numbers. @default false */
  integer?: boolean;
}

/** A decimal that is not negative. */
interface Decimal {
  integer: string;
  fraction: string;
}

interface Limit extends Decimal {
  /** Whether the limit itself is within. */
  inclusive: boolean;
}

/** A bound of the numbers, which may be negative. */
interface Bound extends Limit {
  negative: boolean;
}

const ZERO: Decimal = { integer: "0", fraction: "" };

/**
 * Adds edges that read the numbers of a range, as decimals without an exponent.
 *
 * @throws {RangeError} where what divides them has too many digits
 */
export function writeNumberRange(
  network: NetworkBuilder,
  from: number,
  to: number,
  range: NumberRange,
): void {
  const { integer = false } = range;
  const end = 10 ** MAX_INTEGER_DIGITS;
  const { minimum = -Infinity, maximum = Infinity } = range;
  const low = toBound(Math.max(minimum, -end), minimum >= -end && !range.exclusiveMinimum);
  const high = toBound(Math.min(maximum, end), maximum <= end && !range.exclusiveMaximum);
  const divisor = toDivisor(range.multipleOf);
  const digits = integer ? 0 : divisor?.decimals ?? MAX_FRACTION_DIGITS;
  const write = (at: number, from: Limit, to: Limit, exit: number) =>
    new MagnitudeWriter(network, { low: from, high: to, digits, divisor, exit }).write(at);
  if (!high.negative) {
    write(from, low.negative ? { ...ZERO, inclusive: true } : low, high, to);
  }
  if (low.negative) {
    const minus = network.state();
    network.edge(from, 0x2d, 0x2d, minus);
    write(minus, high.negative ? high : { ...ZERO, inclusive: false }, low, to);
  }
}

/** A number divides others as a whole number does, when both are counted in its last decimal. */
interface Divisor {
  units: number;
  decimals: number;
}

function toDivisor(multipleOf: number | undefined): Divisor | undefined {
  if (multipleOf === undefined) return undefined;
  const { integer, fraction } = toDecimal(multipleOf);
  const units = BigInt(integer + fraction);
  if (units > MAX_DIVISOR || fraction.length > MAX_FRACTION_DIGITS) {
    throw new RangeError(
      `multipleOf must have at most ${MAX_FRACTION_DIGITS} decimals and be at most ` +
        `${MAX_DIVISOR} in units of the last, got ${multipleOf}; choose a rounder one`,
    );
  }
  return { units: Number(units), decimals: fraction.length };
}

function toBound(value: number, inclusive: boolean): Bound {
  return { ...toDecimal(Math.abs(value)), negative: value < 0, inclusive };
}

/** The shortest decimal that is read as a number that is not negative. */
function toDecimal(value: number): Decimal {
  const [, whole, part = "", exponent = "0"] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/
    .exec(String(value))!;
  const point = whole.length + Number(exponent);
  const digits = (whole + part).padStart(whole.length + part.length + Math.max(0, -point), "0");
  const shifted = Math.max(0, point);
  return {
    integer: digits.slice(0, shifted).padEnd(shifted, "0").replace(/^0+(?=\d)/, "") || "0",
    fraction: digits.slice(shifted).replace(/0+$/, ""),
  };
}

/** How far the digits are written, and whether they are still those of the limits. */
interface Progress {
  /** Fewest and most digits that follow before the point. */
  fewest: number;
  most: number;
  /** Digits behind the point; -1 before it. */
  behind: number;
  isLow: boolean;
  isHigh: boolean;
  /** What is left of the digits so far, divided. */
  rest: number;
}

interface Magnitude {
  low: Limit;
  high: Limit;
  /** Most digits behind the point. */
  digits: number;
  divisor?: Divisor;
  exit: number;
}

/**
 * Writes decimals digit by digit: as long as they are those of a limit, the next digit is bounded by
 * the limit's next one. Numbers of as many digits as a limit begin as if they were the limit.
 */
class MagnitudeWriter {
  #written = new Map<number, number>();

  constructor(readonly network: NetworkBuilder, readonly magnitude: Magnitude) {}

  write(from: number): void {
    const [low, high] = [this.magnitude.low.integer.length, this.magnitude.high.integer.length];
    const begin = (fewest: number, most: number) => {
      const [isLow, isHigh] = [most === low, fewest === high];
      this.#digits(from, { fewest, most, behind: -1, isLow, isHigh, rest: 0 }, most > 1 ? 1 : 0);
    };
    if (low <= high) begin(low, low);
    if (low + 1 < high) begin(low + 1, high - 1);
    if (low < high) begin(high, high);
  }

  /** Adds an edge for each digit that may come next. */
  #digits(from: number, progress: Progress, least: number): void {
    const { low, high, divisor } = this.magnitude;
    const { behind, isLow, isHigh, rest, fewest, most } = progress;
    const digitOf = ({ integer, fraction }: Limit) =>
      Number(behind < 0 ? integer[integer.length - most] : fraction[behind] ?? 0);
    const [first, last] = [isLow ? digitOf(low) : 0, isHigh ? digitOf(high) : 9];
    let [start, target] = [0, -1]; // of the digits that lead to the same state
    const write = (end: number) => {
      if (target >= 0) this.network.edge(from, 0x30 + start, 0x30 + end, target);
    };
    for (let digit = Math.max(first, least); digit <= last; digit++) {
      const next = this.#state({
        fewest: behind < 0 ? Math.max(0, fewest - 1) : fewest,
        most: behind < 0 ? most - 1 : most,
        behind: behind < 0 ? behind : behind + 1,
        isLow: isLow && digit === first,
        isHigh: isHigh && digit === last,
        rest: divisor ? (rest * 10 + digit) % divisor.units : 0,
      });
      if (next === target) continue;
      write(digit - 1);
      [start, target] = [digit, next];
    }
    write(last);
  }

  #state(progress: Progress): number {
    const { fewest, most, behind, isLow, isHigh, rest } = progress;
    const counts = (fewest * 32 + most) * 32 + behind + 1; // each is below 32
    const key = (rest * 32 ** 3 + counts) * 4 + 2 * Number(isLow) + Number(isHigh);
    const known = this.#written.get(key);
    if (known !== undefined) return known;
    const state = this.network.state();
    this.#written.set(key, state);
    if (behind < 0 ? most > 0 : behind < this.magnitude.digits) this.#digits(state, progress, 0);
    if (behind < 0 && fewest === 0 && this.magnitude.digits > 0) {
      const point = this.network.state();
      this.network.edge(state, 0x2e, 0x2e, point);
      this.#digits(point, { ...progress, most: 0, behind: 0 }, 0);
    }
    if (this.#mayEnd(progress)) this.network.skip(state, this.magnitude.exit);
    return state;
  }

  #mayEnd({ fewest, behind, isLow, isHigh, rest }: Progress): boolean {
    const { low, high, divisor } = this.magnitude;
    if (fewest > 0) return false;
    const isExact = ({ fraction }: Limit) => /^0*$/.test(fraction.slice(Math.max(0, behind)));
    if (isLow && !(isExact(low) && low.inclusive)) return false;
    if (isHigh && isExact(high) && !high.inclusive) return false;
    if (divisor === undefined) return true;
    const { units, decimals } = divisor;
    for (let i = Math.max(0, behind); i < decimals; i++) rest = rest * 10 % units;
    return rest % units === 0;
  }
}
