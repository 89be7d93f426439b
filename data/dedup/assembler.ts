/*
 * The part of WebAssembly that MinHash needs, written as functions that return code: JavaScript has
 * no fast product of 64-bit integers. Opcodes and sections are those of the core specification 1.0,
 * chapter 5.
 */

/** Code of a module: an expression that leaves a value, or a statement that leaves none. */
export type Code = readonly number[];

/** A local variable or parameter, by its number. */
export interface Local {
  get: Code;
  set(value: Code): Code;
}

/** A function of a module: its parameters are 32-bit, it returns nothing. */
export interface WasmFunction {
  name: string;
  /** Names of its parameters, in order. */
  parameters: readonly string[];
  /** Types of its other variables, by name. */
  locals: Readonly<Record<string, "i32" | "i64">>;
  /** Its statements, made of its variables. */
  body(variables: Record<string, Local>): Code[];
}

const unary = (opcode: number) => (a: Code): Code => [...a, opcode];
const binary = (opcode: number) => (a: Code, b: Code): Code => [...a, ...b, opcode];
// Loads and stores say how the address is aligned, in powers of two (1 byte: it may be any), and
// what is added to it.
const load = (opcode: number) => (address: Code, offset = 0): Code => [
  ...address,
  opcode,
  0,
  ...unsigned(offset),
];

/** Instructions on 32-bit integers. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value))],
  load: load(0x28),
  load8: load(0x2d),
  eqz: unary(0x45),
  lt: binary(0x49),
  le: binary(0x4d),
  add: binary(0x6a),
  sub: binary(0x6b),
};

/** Instructions on 64-bit integers; comparisons and shifts are those of unsigned ones. */
export const i64 = {
  const: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  extend: unary(0xad),
  load: load(0x29),
  load8: load(0x31),
  load32: load(0x35),
  store: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    0x37,
    0,
    ...unsigned(offset),
  ],
  lt: binary(0x54),
  le: binary(0x58),
  ge: binary(0x5a),
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  xor: binary(0x85),
  shl: binary(0x86),
  shr: binary(0x88),
  rotl: binary(0x89),
};

/** The first where the condition is not 0, else the second. */
export function select(condition: Code, then: Code, otherwise: Code): Code {
  return [...then, ...otherwise, ...condition, 0x1b];
}

/** Runs statements where the condition is not 0, or else others. */
export function when(condition: Code, then: Code[], otherwise: Code[] = []): Code {
  const rest = otherwise.length > 0 ? [0x05, ...otherwise.flat()] : [];
  return [...condition, 0x04, NOTHING, ...then.flat(), ...rest, END];
}

/** Runs statements while the condition is not 0. */
export function loop(condition: Code, ...body: Code[]): Code {
  return when(condition, [[0x03, NOTHING, ...body.flat(), ...condition, 0x0d, 0, END]]);
}

const NOTHING = 0x40;
const END = 0x0b;
const TYPES = { i32: 0x7f, i64: 0x7e };

/** The bytes of a module that imports a memory, `env.memory`, and exports functions. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    ...list(parameters.map(() => [TYPES.i32])),
    ...list([]),
  ]);
  const bodies = functions.map((code) => {
    const names = [...code.parameters, ...Object.keys(code.locals)];
    const variables = Object.fromEntries(names.map((name, i) => [name, {
      get: [0x20, ...unsigned(i)],
      set: (value: Code) => [...value, 0x21, ...unsigned(i)],
    }]));
    const locals = Object.values(code.locals).map((type) => [1, TYPES[type]]);
    return sized([...list(locals), ...code.body(variables).flat(), END]);
  });
  const exports = functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]);
  const memory = [...text("env"), ...text("memory"), 0x02, 0x00, 0x00];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...[0x01, ...sized(list(types))],
    ...[0x02, ...sized(list([memory]))],
    ...[0x03, ...sized(list(functions.map((_, i) => unsigned(i))))],
    ...[0x07, ...sized(list(exports))],
    ...[0x0a, ...sized(list(bodies))],
  ]);
}

function list(items: Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(bytes: Code): Code {
  return [...unsigned(bytes.length), ...bytes];
}

function text(name: string): Code {
  return sized([...new TextEncoder().encode(name)]);
}

/** LEB128: seven bits a byte, the lowest first; the eighth says that more follow. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [value % 128 | 128, ...unsigned(Math.floor(value / 128))];
}

function signed(value: bigint): Code {
  const low = Number(value & 127n);
  const rest = value >> 7n;
  const done = rest === (low & 64 ? -1n : 0n);
  return done ? [low] : [low | 128, ...signed(rest)];
}
