import type { TrainEvent } from "../../model/mod.ts";

/** Does something with what a trainer tells; disposed of at the end, whether well or badly. */
export interface EventConsumer extends Disposable {
  /** Takes one event; what it writes is with the system when it returns. */
  consume(event: TrainEvent): void;
}
