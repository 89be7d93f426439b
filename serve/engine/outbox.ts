import type { AnswerEvent } from "./engine.ts";
import type { AnswerNews } from "./protocol.ts";

/**
 * Gathers what happens in one turn of the event loop into one message, since a step tells something of
 * every sequence of the batch.
 */
export class Outbox {
  #news: AnswerNews[] = [];
  #events = new Map<number, AnswerEvent[]>();

  /** @param send takes the news of a turn, in their order for each answer */
  constructor(private readonly send: (news: readonly AnswerNews[]) => void) {}

  /** Adds an event of an answer. */
  event(id: number, event: AnswerEvent): void {
    const events = this.#events.get(id);
    if (events) events.push(event);
    else {
      const first = [event];
      this.#events.set(id, first);
      this.#add({ id, events: first });
    }
  }

  /** Adds other news of an answer, behind its events so far. */
  news(news: AnswerNews): void {
    this.#events.delete(news.id);
    this.#add(news);
  }

  #add(news: AnswerNews): void {
    if (this.#news.length === 0) queueMicrotask(() => this.#flush());
    this.#news.push(news);
  }

  #flush(): void {
    const news = this.#news;
    this.#news = [];
    this.#events.clear();
    this.send(news);
  }
}
