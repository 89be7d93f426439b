/** Share of what is known that a new answer's time takes the place of. */
const NEWS = 0.1;
/** Longest wait that a client is told, in seconds. */
const MAX_SECONDS = 60;

/** Learns how long answers take, to say when a place in the queue will be free. */
export class Pace {
  #meanMs = 1000;

  /** An answer has taken this long on the GPU. */
  learn(milliseconds: number): void {
    this.#meanMs += NEWS * (milliseconds - this.#meanMs);
  }

  /** Seconds until so many answers have got a place of `places`, 1 to 60. */
  secondsFor(answers: number, places: number): number {
    const seconds = this.#meanMs / 1000 * answers / Math.max(1, places);
    return Math.min(MAX_SECONDS, Math.max(1, Math.ceil(seconds)));
  }
}
