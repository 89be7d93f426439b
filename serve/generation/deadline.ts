import { HttpError, unavailable } from "../errors.ts";
import type { Limits } from "../limits.ts";

type DeadlineLimits = Pick<Limits, "firstTokenSeconds" | "betweenTokensSeconds" | "totalSeconds">;

/** Watches the time of an answer: to its first token, between tokens, and in all. */
export class Deadline implements Disposable {
  #timer: ReturnType<typeof setTimeout>;
  #movedAt?: number;

  /**
   * @param startedAt when the request came in, in `performance.now()`
   * @param expire called once, when a deadline has passed
   */
  constructor(
    private readonly limits: DeadlineLimits,
    private readonly startedAt: number,
    private readonly expire: (error: HttpError) => void,
  ) {
    this.#timer = this.#set();
  }

  /** Something has come. Only for the first time the timer is set anew; later it looks when it is due. */
  moved(): void {
    const isFirst = this.#movedAt === undefined;
    this.#movedAt = performance.now();
    if (!isFirst) return;
    clearTimeout(this.#timer);
    this.#timer = this.#set();
  }

  #set(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#look(), this.#due - performance.now());
  }

  get #due(): number {
    const { firstTokenSeconds, betweenTokensSeconds, totalSeconds } = this.limits;
    const next = this.#movedAt === undefined
      ? this.startedAt + 1000 * firstTokenSeconds
      : this.#movedAt + 1000 * betweenTokensSeconds;
    return Math.min(next, this.startedAt + 1000 * totalSeconds);
  }

  #look(): void {
    const now = performance.now();
    if (now < this.#due) {
      this.#timer = this.#set();
      return;
    }
    const { firstTokenSeconds, betweenTokensSeconds, totalSeconds } = this.limits;
    if (now >= this.startedAt + 1000 * totalSeconds) {
      this.expire(tooLate(`The answer was not whole after ${totalSeconds} seconds; ask for less.`));
    } else if (this.#movedAt === undefined) {
      this.expire(
        unavailable(`No token came within ${firstTokenSeconds} seconds; try again later.`, 5),
      );
    } else {
      this.expire(tooLate(`No further token came within ${betweenTokensSeconds} seconds.`));
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** The same request would be too late again, so the client must not repeat it by itself. */
function tooLate(message: string): HttpError {
  return new HttpError(504, message, { headers: { "x-should-retry": "false" } });
}
