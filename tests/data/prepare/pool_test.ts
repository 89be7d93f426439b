import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { WorkerPool } from "../../../data/prepare/pool.ts";

type Pool = WorkerPool<{ exponent: number }, Uint32Array, Uint32Array>;

const module = new URL("./pool_worker.ts", import.meta.url);
const open = (workers: number, exponent = 2): Pool =>
  new WorkerPool({ module, setup: { exponent }, workers });

async function* tasks(numbers: Iterable<number>, taken: number[] = []) {
  for (const number of numbers) {
    taken.push(number);
    const task = Uint32Array.of(number);
    yield { task, transfer: [task.buffer] };
  }
}

Deno.test("a pool's results come in the order of the tasks, for any number of workers", async () => {
  const numbers = Array.from({ length: 20 }, (_, i) => i).filter((i) => i !== 13);
  for (const workers of [1, 3]) {
    using pool = open(workers);
    const results = await Array.fromAsync(pool.map(tasks(numbers)));
    assertEquals(results.map(([square]) => square), numbers.map((i) => i * i));
  }
});

Deno.test("a pool takes no more than two tasks a worker ahead", async () => {
  using pool = open(2);
  const taken: number[] = [];
  const results = pool.map(tasks([1, 2, 3, 4, 5, 6, 7, 8, 9], taken));
  assertEquals((await results.next()).value, Uint32Array.of(1));
  assertEquals(taken, [1, 2, 3, 4]);
  await results.return(undefined);
  assertEquals(taken, [1, 2, 3, 4]);
});

Deno.test("what is transferred moves to the worker", async () => {
  using pool = open(1);
  const task = Uint32Array.of(5);
  const result = pool.run(task, [task.buffer]);
  assertEquals(task.length, 0);
  assertEquals(await result, Uint32Array.of(25));
});

Deno.test("an error of a task comes out where its result would; the pool goes on", async () => {
  using pool = open(2);
  const results = pool.map(tasks([12, 13, 14]));
  assertEquals((await results.next()).value, Uint32Array.of(144));
  await assertRejects(() => results.next(), RangeError, "13 brings bad luck");
  assertEquals(await pool.run(Uint32Array.of(3)), Uint32Array.of(9));
});

Deno.test("an error of the setup comes out at the first task", async () => {
  using pool = open(1, 0);
  await assertRejects(() => pool.run(Uint32Array.of(1)), RangeError, "no exponent");
});

Deno.test("a pool that is ended fails what it has not done", async () => {
  const pool = open(1);
  const waiting = pool.run(Uint32Array.of(0));
  pool[Symbol.dispose]();
  const error = await assertRejects(() => waiting, Error);
  assert(error.message.includes("ended"), error.message);
  await assertRejects(() => pool.run(Uint32Array.of(0)), Error, "ended");
});

Deno.test("a pool needs a worker", () => {
  assertThrows(
    () => open(0),
    RangeError,
    "Cannot start workers: their number must be a whole number of at least 1, got 0",
  );
});
