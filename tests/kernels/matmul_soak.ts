/** Every variant of the product as it is used, in every case: a software adapter compiles for minutes. */
import { MATMUL_VARIANTS } from "../../kernels/matmul/variants.ts";
import { testVariant } from "./matmul_cases.ts";

for (const variant of MATMUL_VARIANTS) testVariant(variant);
