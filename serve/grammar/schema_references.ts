import { isRecord } from "./schema_part.ts";

/** What the references of a schema lead to. */
export class References {
  /** By reference those that its value begins with. */
  #beginnings = new Map<string, Set<string>>();

  constructor(readonly root: unknown) {}

  /**
   * Follows a reference such as `#/$defs/name`.
   *
   * @param place where it stands, for errors
   * @throws {SyntaxError} where it leads out of the schema or to nothing
   */
  resolve(reference: string, place: string): { schema: unknown; path: string[] } {
    const refuse = (why: string): never => {
      const shown = JSON.stringify(reference.slice(0, 100));
      throw new SyntaxError(
        `Cannot use the schema: the reference ${shown} at ${place} ${why}; write it as "#" or ` +
          '"#/$defs/NAME"',
      );
    };
    const fragment = /^#((?:\/.*)?)$/s.exec(reference)?.[1] ??
      refuse("leads out of the schema");
    const path = fragment.split("/").slice(1).map((name) => {
      try {
        return decodeURIComponent(name).replaceAll("~1", "/").replaceAll("~0", "~");
      } catch {
        return refuse("is percent-encoded wrongly");
      }
    });
    let schema = this.root;
    for (const name of path) {
      const isThere = (isRecord(schema) || Array.isArray(schema)) && Object.hasOwn(schema, name);
      if (!isThere) refuse("leads to nothing");
      schema = (schema as Record<string, unknown>)[name];
    }
    return { schema, path };
  }

  /** Notes that the value of a reference may begin with that of another one. */
  addBeginning(reference: string, other: string): void {
    const others = this.#beginnings.get(reference) ?? new Set();
    this.#beginnings.set(reference, others.add(other));
  }

  /**
   * Checks that no reference leads back to itself before anything of its value has been read.
   *
   * @throws {SyntaxError} naming one that does
   */
  assertBeginnings(): void {
    const users = new Map<string, string[]>();
    const open = new Map<string, number>(); // references that begin with others not yet ended
    for (const [name, others] of this.#beginnings) {
      open.set(name, others.size);
      for (const other of others) if (!users.get(other)?.push(name)) users.set(other, [name]);
    }
    const ended = [...users.keys()].filter((name) => !open.has(name));
    for (const name of ended) {
      for (const user of users.get(name) ?? []) {
        const rest = open.get(user)! - 1;
        open.set(user, rest);
        if (rest > 0) continue;
        open.delete(user);
        ended.push(user);
      }
    }
    let [endless] = open.keys();
    if (endless === undefined) return;
    // It may only lead to one that comes back to itself: after so many steps it is that one.
    for (let i = 0; i < open.size; i++) {
      endless = [...this.#beginnings.get(endless)!].find((other) => open.has(other))!;
    }
    throw new SyntaxError(
      `Cannot use the schema: the reference ${JSON.stringify(endless)} must not lead back to ` +
        "itself before a value begins; put it within properties or items",
    );
  }
}
