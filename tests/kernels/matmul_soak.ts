/** Every variant of the product as it is used, in every case: a software adapter compiles for minutes. */
import { MATMUL_VARIANTS, plain, texture } from "../../kernels/matmul/variants.ts";
import { testVariant } from "./matmul_cases.ts";

const small = { rows: 4, columns: 4 };
for (const variant of [plain(small), texture(small), ...MATMUL_VARIANTS]) testVariant(variant);
