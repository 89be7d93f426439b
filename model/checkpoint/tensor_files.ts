import { join } from "@std/path";
import { SafetensorsFile } from "./safetensors.ts";
import type { TensorInfo } from "./safetensors_header.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/** Names that weights have as pickle files: PyTorch's, also in shards; other `.bin` are none. */
const PICKLE = /(^|\/)(pytorch_model|model|adapter_model)[^/]*\.bin$|\.(pt|pth|ckpt|pkl|pickle)$/i;

/** Whether a folder holds weights as safetensors, whole or in shards. */
export async function hasWeights(folder: string): Promise<boolean> {
  return await isFile(join(folder, SINGLE)) || await isFile(join(folder, INDEX));
}

/**
 * Refuses a pickle file, or a folder whose weights are one.
 *
 * @throws {TypeError} naming the file, the reason and the way out
 */
export async function refusePickle(path: string): Promise<void> {
  let names: string[] = [];
  try {
    names = await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  } catch {
    if (PICKLE.test(path)) names = [path];
  }
  // Optimizer states and arguments are pickles too; the weights come first.
  const isModel = (name: string) => Number(/^pytorch_model/.test(name));
  const [pickle] = names.filter((name) => PICKLE.test(name))
    .sort((a, b) => isModel(b) - isModel(a) || (a < b ? -1 : 1));
  if (pickle === undefined) return;
  throw new TypeError(
    `Cannot load ${path}: ${pickle} is a pickle file, which can run any code when it is opened; ` +
      "save the model anew as safetensors (in Python: model.save_pretrained(FOLDER)) and name that " +
      "folder",
  );
}

/**
 * The tensors of a model's folder: `model.safetensors`, or the shards that
 * `model.safetensors.index.json` names. All headers are checked against the sizes of their files
 * when it is opened; tensors are read one by one when asked for.
 */
export class TensorFiles implements Disposable {
  private constructor(
    /** The file that was opened first: the single one, or the index. */
    readonly path: string,
    /** Type and shape of each tensor by name. */
    readonly tensors: ReadonlyMap<string, TensorInfo>,
    private readonly fileOf: (name: string) => SafetensorsFile | undefined,
    private readonly files: readonly SafetensorsFile[],
  ) {}

  /**
   * Opens the weights of a folder.
   *
   * @throws {Deno.errors.NotFound} if there are none, or a shard is missing, naming it
   * @throws {TypeError} if they are a pickle file, naming it and the way out
   * @throws {SyntaxError} if a file or the index is broken
   */
  static async open(folder: string): Promise<TensorFiles> {
    const single = join(folder, SINGLE);
    if (await isFile(single)) {
      const file = SafetensorsFile.open(single);
      return new TensorFiles(single, file.tensors, () => file, [file]);
    }
    const path = join(folder, INDEX);
    if (await isFile(path)) return openShards(folder, path, await readIndex(path));
    await refusePickle(folder);
    throw new Deno.errors.NotFound(
      `Cannot load ${folder}: there is no such file as ${SINGLE} or ${INDEX} in it`,
    );

    function openShards(
      folder: string,
      path: string,
      shardOf: ReadonlyMap<string, string>,
    ): TensorFiles {
      const opened = new Map<string, SafetensorsFile>();
      try {
        for (const shard of new Set(shardOf.values())) opened.set(shard, openShard(folder, shard));
        const tensors = new Map<string, TensorInfo>();
        for (const [name, shard] of shardOf) {
          const info = opened.get(shard)!.tensors.get(name);
          if (!info) {
            throw new SyntaxError(
              `Cannot load ${path}: it says that ${name} is in ${shard}, which has no such tensor; ` +
                "fetch index and shards anew, of one version",
            );
          }
          tensors.set(name, info);
        }
        const fileOf = (name: string) => opened.get(shardOf.get(name) ?? "");
        return new TensorFiles(path, tensors, fileOf, [...opened.values()]);
      } catch (error) {
        for (const file of opened.values()) file[Symbol.dispose]();
        throw error;
      }
    }
  }

  /**
   * Reads a tensor of type F32, F16 or BF16 as f32, in row-major order.
   *
   * @throws {RangeError} if there is no tensor of that name
   * @throws {TypeError} if it is of another type
   */
  read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const file = this.fileOf(name);
    if (file) return file.read(name);
    return Promise.reject(
      new RangeError(`Cannot read ${name} from ${this.path}: it has no such tensor`),
    );
  }

  /** Closes the files. */
  [Symbol.dispose](): void {
    for (const file of this.files) file[Symbol.dispose]();
  }
}

function openShard(folder: string, shard: string): SafetensorsFile {
  try {
    return SafetensorsFile.open(join(folder, shard));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Deno.errors.NotFound(
      `Cannot load ${folder}: the shard ${shard}, which ${INDEX} names, is missing; fetch it too`,
    );
  }
}

/** The shard of each tensor. */
async function readIndex(path: string): Promise<Map<string, string>> {
  const fail = (problem: string): never => {
    throw new SyntaxError(`Cannot read ${path}: ${problem}; fetch it anew`);
  };
  let json: unknown;
  try {
    json = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    fail(`it is no JSON (${error.message})`);
  }
  const { weight_map } = Object(json) as { weight_map?: unknown };
  if (typeof weight_map !== "object" || weight_map === null || Array.isArray(weight_map)) {
    return fail("weight_map must be an object of tensors and the files that hold them");
  }
  const entries = Object.entries(weight_map);
  if (entries.length === 0) fail("weight_map names no tensors");
  return new Map(entries.map(([name, shard]): [string, string] => {
    // A name with a slash could lead out of the folder.
    if (typeof shard === "string" && /^[^/\\]+\.safetensors$/.test(shard)) return [name, shard];
    return fail(
      `the file of ${name} must be a .safetensors beside it, got ${JSON.stringify(shard)}`,
    );
  }));
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFile }) => isFile, () => false);
}
