import { Choices } from "./choices.ts";
import { GpuError, ShaderError } from "./errors.ts";
import { paperGpu } from "./paper_gpu.ts";
import { Profiler, type Span } from "./profiler.ts";
import { Pass, Recording } from "./recording.ts";
import { readShaderHeader, type Shader, type ShaderBinding, type ShaderHeader } from "./shader.ts";
import { type DType, sizeOf, Tensor, wholeWords, widthOf } from "./tensor.ts";
import { Texels } from "./texels.ts";
import { barriersAreSlow } from "./probes.ts";

/** Options of {@linkcode Device.open}. */
export interface DeviceOptions {
  /**
   * Prefer a slow, frugal GPU where there are several.
   * @default "high-performance"
   */
  powerPreference?: GPUPowerPreference;
  /**
   * Largest range a kernel may bind, in bytes; lower it to test what small adapters do.
   * @default the adapter's own limit
   */
  maxBindingBytes?: number;
  /**
   * Whether kernels may have tensors of f16 where the adapter can; turn it off to test what others do.
   * @default true
   */
  f16?: boolean;
  /**
   * Which variants ops use.
   * @default each op's default
   */
  choices?: Choices;
  /**
   * Takes a warning, such as that a variant does not compile here.
   * @default console.warn
   */
  warn?: (text: string) => void;
}

/** A compiled shader, ready to be dispatched. */
export interface Kernel {
  /** Name in errors, such as `gelu/forward`. */
  label: string;
  /** Bindings, params and workgroup size. */
  header: ShaderHeader;
  /** The compiled shader. */
  pipeline: GPUComputePipeline;
  /** Layout of its one bind group. */
  layout: GPUBindGroupLayout;
}

const BUFFER_USAGE = 0x80 | 0x40 | 0x08 | 0x04; // STORAGE | UNIFORM | COPY_DST | COPY_SRC
const READBACK_USAGE = 0x01 | 0x08; // MAP_READ | COPY_DST

/**
 * A WebGPU device with what Quern needs around it: tensors that are counted and freed, kernels that
 * are compiled once, and errors that are never silent.
 *
 * @example
 * ```ts
 * import { Device } from "@quern/quern";
 *
 * using device = await Device.open();
 * using x = device.tensor("x", [2, 2]);
 * x.write(Float32Array.of(1, 2, 3, 4));
 * console.log(await x.read()); // Float32Array(4) [ 1, 2, 3, 4 ]
 * ```
 */
export class Device implements Disposable {
  /** Largest range a kernel may bind, in bytes. */
  readonly maxBindingBytes: number;
  #kernels = new Map<string, Promise<Kernel>>();
  #allocations: Promise<void>[] = [];
  #failure?: GpuError;
  /** The device whose probes count. */
  #measured: Device = this;
  #barriersAreSlow?: Promise<boolean>;
  #profiler?: Profiler;
  #choices: Choices;
  #warn: (text: string) => void;
  #prefersTextures = false;
  #bytes = 0;
  #disposed = false;

  private constructor(
    readonly gpu: GPUDevice,
    readonly adapter: GPUAdapter,
    options: DeviceOptions,
  ) {
    this.#choices = options.choices ?? new Choices();
    this.#warn = options.warn ?? ((text) => console.warn(text));
    this.maxBindingBytes = Math.min(
      options.maxBindingBytes ?? Infinity,
      gpu.limits.maxStorageBufferBindingSize,
    );
    gpu.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.fail(new GpuError((event as GPUUncapturedErrorEvent).error.message));
    });
    gpu.lost.then(({ message }) => {
      if (this.#disposed) return;
      this.fail(
        new GpuError(
          `The GPU was lost (${message}) and all it held is gone; open it again and go on from the last checkpoint.`,
        ),
      );
    });
  }

  /**
   * Opens the GPU with all that its adapter offers.
   *
   * @throws {GpuError} if there is no adapter
   */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    const { powerPreference = "high-performance", f16 = true } = options;
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference });
    if (!adapter) {
      throw new GpuError(
        "Cannot open a GPU: WebGPU found no adapter. Run `deno task setup`, which installs a driver or says how.",
      );
    }
    const limits: Record<string, number> = {};
    for (const name of LIMITS) limits[name] = adapter.limits[name];
    const features = (["shader-f16", "timestamp-query"] as const)
      .filter((name) => adapter.features.has(name) && (f16 || name !== "shader-f16"));
    const gpu = await adapter.requestDevice({ requiredLimits: limits, requiredFeatures: features });
    return new Device(gpu, adapter, options);
  }

  /**
   * A device with this one's limits and choices that holds no memory and computes nothing: what is made
   * and recorded on it is counted in {@linkcode Device.allocatedBytes} as it would be here.
   *
   * @example
   * ```ts
   * import { Device } from "@quern/quern";
   *
   * using device = await Device.open();
   * using plan = device.planning();
   * using _ = plan.tensor("much", [1024, 1024, 64]);
   * console.log(plan.allocatedBytes, device.allocatedBytes); // 268435456 0
   * ```
   */
  planning(): Device {
    const device = new Device(paperGpu(this.gpu), this.adapter, {
      maxBindingBytes: this.maxBindingBytes,
      choices: new Choices(this.choices.table),
    });
    device.#measured = this;
    return device;
  }

  /**
   * Whether ops read through textures where they can; false until something is recorded. Where barriers
   * are slow a CPU plays the GPU, and a load from a texture takes a fraction of one from a buffer.
   */
  get prefersTextures(): boolean {
    return this.#prefersTextures;
  }

  /** Bytes of GPU memory held by living tensors. */
  get allocatedBytes(): number {
    return this.#bytes;
  }

  /**
   * Makes a tensor of zeros that owns its memory.
   *
   * @throws {GpuError} if the adapter allows no buffer of this size, or has no f16. A device that runs out of
   * memory tells it at the next {@linkcode Device.check}.
   */
  tensor(label: string, shape: readonly number[], dtype: DType = "f32"): Tensor {
    if (dtype === "f16" && !this.gpu.features.has("shader-f16")) {
      const features = [...this.gpu.features].sort().join(", ") || "none";
      throw new GpuError(
        `Cannot allocate ${label} [${shape}] in f16: it needs the feature shader-f16, this device has ${features}. Use f32.`,
      );
    }
    const size = wholeWords(widthOf(dtype) * sizeOf(shape));
    const { maxBufferSize } = this.gpu.limits;
    if (size > maxBufferSize) {
      throw new GpuError(
        `Cannot allocate ${size} bytes for ${label} [${shape}]: this adapter allows ${maxBufferSize} bytes a buffer. Use a smaller model or batch.`,
      );
    }
    const buffer = this.#allocate(
      `${size} bytes asked for ${label} [${shape}]`,
      () => this.gpu.createBuffer({ label, size, usage: BUFFER_USAGE }),
    );
    this.#bytes += size;
    return new Tensor(this, label, shape, dtype, buffer, 0, true);
  }

  /**
   * Makes an array of zeros in a texture, of f32 and a size that 4 divides.
   *
   * @throws {RangeError} if 4 does not divide the size
   * @throws {GpuError} if the adapter allows no texture of this size
   */
  texels(label: string, shape: readonly number[]): Texels {
    const texels = this.#allocate(
      `a texture asked for ${label} [${shape}]`,
      () => Texels.create(this, label, shape),
    );
    this.#bytes += texels.bytes;
    return texels;
  }

  /** Makes a texture to copy a matrix of f32 or f16 to; whoever asks must release it. */
  texture(label: string, width: number, height: number, dtype: DType): GPUTexture {
    const bytes = 4 * widthOf(dtype) * width * height;
    const texture = this.#allocate(
      `${bytes} bytes asked for a texture of ${label}`,
      () =>
        this.gpu.createTexture({
          label,
          size: [width, height],
          format: dtype === "f16" ? "rgba16float" : "rgba32float",
          usage: 0x02 | 0x08, // COPY_DST | STORAGE_BINDING
        }),
    );
    this.#bytes += bytes;
    return texture;
  }

  /** Makes something; where memory runs out the next {@linkcode Device.check} tells what was asked. */
  #allocate<T>(what: string, make: () => T): T {
    this.gpu.pushErrorScope("out-of-memory");
    try {
      return make();
    } finally {
      this.#allocations.push(
        this.gpu.popErrorScope().then((error) => {
          if (!error) return;
          this.fail(
            new GpuError(
              `Out of GPU memory: ${what}, ${this.#bytes} bytes in use. Use a smaller model or batch.`,
            ),
          );
        }),
      );
    }
  }

  /** Frees memory; called by the tensor or the texels that own it. */
  release(bytes: number, memory: GPUBuffer | GPUTexture): void {
    this.#bytes -= bytes;
    memory.destroy();
  }

  /**
   * Writes down a list of kernel launches once, to be run many times. Where a variant of an op does not
   * compile on this adapter, it is given up with a warning and the next one is written down.
   *
   * @example
   * ```ts
   * import { Device, fill } from "@quern/quern";
   *
   * using device = await Device.open();
   * using x = device.tensor("x", [3]);
   * using ones = await device.record("ones", (pass) => fill(pass, { x }, { value: 1 }));
   * ones.run();
   * console.log(await x.read()); // Float32Array(3) [ 1, 1, 1 ]
   * ```
   * @throws {ShaderError} if a shader does not compile
   */
  async record(label: string, write: (pass: Pass) => void): Promise<Recording> {
    this.#prefersTextures = await this.barriersAreSlow();
    const pass = new Pass(this);
    try {
      write(pass);
    } catch (error) {
      pass.owned.dispose();
      throw error;
    }
    try {
      const recording = await Recording.compile(this, label, pass);
      await this.check();
      return recording;
    } catch (error) {
      if (!(error instanceof ShaderError) || !this.choices.drop(error.label)) throw error;
      this.#warn(
        `Not using ${error.label} on this adapter, but the next variant: ${error.message}`,
      );
      return await this.record(label, write);
    }
  }

  /** Compiles a shader, or finds it compiled. */
  kernel(shader: Shader): Promise<Kernel> {
    const key = JSON.stringify([shader.code, shader.constants]);
    let kernel = this.#kernels.get(key);
    if (!kernel) this.#kernels.set(key, kernel = this.#compile(shader));
    return kernel;
  }

  async #compile(shader: Shader): Promise<Kernel> {
    const { gpu } = this;
    const { label, code, constants } = shader;
    const header = readShaderHeader(shader);
    gpu.pushErrorScope("validation");
    const module = gpu.createShaderModule({ label, code });
    const [invalid, info] = await Promise.all([gpu.popErrorScope(), module.getCompilationInfo()]);
    const error = info.messages.find((message) => message.type === "error");
    if (error || invalid) {
      throw new ShaderError(
        (error ?? invalid)!.message,
        label,
        error?.lineNum ?? 0,
        error?.linePos ?? 0,
      );
    }
    const entries: GPUBindGroupLayoutEntry[] = header.bindings.map((each) => ({
      binding: each.binding,
      visibility: 4, // COMPUTE
      ...layoutOf(each),
    }));
    if (header.params) {
      entries.push({ binding: header.params.binding, visibility: 4, buffer: { type: "uniform" } });
    }
    const layout = gpu.createBindGroupLayout({ label, entries });
    const pipeline = await gpu.createComputePipelineAsync({
      label,
      layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main", constants },
    }).catch((cause) => {
      throw new ShaderError(cause.message, label, 0, 0);
    });
    return { label, header, pipeline, layout };
  }

  /** Which variants ops use. */
  get choices(): Choices {
    return this.#choices;
  }

  /** Does some work with other choices of variants. */
  async withChoices<T>(choices: Choices, work: () => Promise<T>): Promise<T> {
    const before = this.#choices;
    this.#choices = choices;
    try {
      return await work();
    } finally {
      this.#choices = before;
    }
  }

  /** Whether threads wait long for each other, as on a software adapter; measured once. */
  barriersAreSlow(): Promise<boolean> {
    if (this.#measured !== this) return this.#measured.barriersAreSlow();
    return this.#barriersAreSlow ??= barriersAreSlow(this);
  }

  /**
   * What takes the time of launches, within {@linkcode Device.profile}.
   *
   * @internal
   */
  get profiler(): Profiler | undefined {
    return this.#profiler;
  }

  /**
   * Takes the time of every launch of the recordings that some work runs. Each launch gets a compute pass
   * of its own, so the whole takes longer than it does by itself.
   *
   * @param work runs recordings
   * @returns the launches in order, with the copies between them; waits until the GPU is idle
   * @throws {GpuError} if the device has no clock
   */
  async profile(work: () => void): Promise<Span[]> {
    using profiler = new Profiler(this);
    this.#profiler = profiler;
    try {
      work();
    } finally {
      this.#profiler = undefined;
    }
    return await profiler.read();
  }

  /** Copies tensors to the host with one wait for all. Waits until the GPU is idle. */
  async read(tensors: readonly Tensor[]): Promise<ArrayBuffer[]> {
    const { gpu } = this;
    const encoder = gpu.createCommandEncoder();
    const staged = tensors.map(({ buffer, offsetBytes, bytes }) => {
      const size = wholeWords(bytes);
      const target = gpu.createBuffer({ size, usage: READBACK_USAGE });
      encoder.copyBufferToBuffer(buffer, offsetBytes, target, 0, size);
      return target;
    });
    try {
      gpu.queue.submit([encoder.finish()]);
      await Promise.all(staged.map((target) => target.mapAsync(1)));
      await this.check();
      return staged.map((target, i) => target.getMappedRange().slice(0, tensors[i].bytes));
    } catch (error) {
      throw this.#failure ?? error;
    } finally {
      for (const target of staged) target.destroy();
    }
  }

  /**
   * Throws what has gone wrong on the GPU since the device was opened.
   *
   * @throws {GpuError} after a validation error, when out of memory, or when the device was lost
   */
  async check(): Promise<void> {
    await Promise.all(this.#allocations.splice(0));
    if (this.#failure) throw this.#failure;
  }

  /** Makes this and each later {@linkcode Device.check} throw `error`; the first failure counts. */
  fail(error: GpuError): void {
    this.#failure ??= error;
  }

  /** Destroys the device and all its memory. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.gpu.destroy();
  }
}

function layoutOf({ memory, access, element }: ShaderBinding): Partial<GPUBindGroupLayoutEntry> {
  if (memory === "uniform") return { buffer: { type: "uniform" } };
  if (memory === "matrix") {
    const format = element === "vec4h" ? "rgba16float" : "rgba32float";
    return { storageTexture: { access: "read-only", format } };
  }
  if (memory === "storage") {
    return { buffer: { type: access === "read" ? "read-only-storage" : "storage" } };
  }
  return access === "read"
    ? { texture: { sampleType: "unfilterable-float" } }
    : { storageTexture: { access: "write-only", format: "rgba32float" } };
}

/** The limits that kernels and tensors depend on; a device gets the adapter's own. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxUniformBufferBindingSize",
  "maxTextureDimension2D",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
] as const;
