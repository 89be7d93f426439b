import { testTaskGolden } from "../task_goldens.ts";

for (const name of ["lora", "lora_head"]) testTaskGolden(name);
