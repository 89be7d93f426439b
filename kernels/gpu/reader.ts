/** How a shader reads rows of a tensor that is not written: as a storage buffer or as a matrix. */
export interface Reader {
  /** Declares the binding. */
  declare: string;
  /** Expression of an element, or of a vector where it is read so. */
  at(row: string, column: string): string;
}

/**
 * Reads a tensor [rows, columns] of f32.
 *
 * @param binding number in the bind group
 * @param source whether vectors are read, and whether from a matrix
 * @param stride expression of the elements, or vectors, of a row
 */
export function readerOf(
  binding: number,
  name: string,
  { vector, matrix = false }: { vector: boolean; matrix?: boolean },
  stride: string,
): Reader {
  const at = `@group(0) @binding(${binding}) var`;
  if (matrix) {
    return {
      declare: `${at} ${name}: texture_storage_2d<rgba32float, read>;`,
      at: (row, column) => `textureLoad(${name}, vec2u(${column}, ${row}))`,
    };
  }
  return {
    declare: `${at}<storage, read> ${name}: array<${vector ? "vec4f" : "f32"}>;`,
    at: (row, column) =>
      row === "0u" ? `${name}[${column}]` : `${name}[(${row}) * ${stride} + ${column}]`,
  };
}
