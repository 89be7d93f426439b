/** What the engine's Worker runs. */
import { runEngine } from "./host.ts";

runEngine();
