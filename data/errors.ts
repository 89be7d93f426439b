/** Data is missing, unreadable or not what its format asks for; says where. */
export class DataError extends Error {
  /** `DataError`. */
  override name = "DataError";

  /**
   * Joins the message and the place: `message, at path:offset`.
   *
   * @param message what was wanted, what was found and what to do, without the place
   * @param path the file, as the user named it
   * @param byteOffset where in the file the trouble begins, in bytes from its start
   */
  constructor(
    message: string,
    readonly path: string,
    readonly byteOffset: number = 0,
    options?: ErrorOptions,
  ) {
    super(`${message}, at ${path}:${byteOffset}`, options);
  }
}
