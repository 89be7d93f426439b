/** Answers: what is asked of the engine, and how what it tells becomes a body or a stream. */
export { collectAnswer, startAnswer, streamAnswer, type StreamWriter } from "./answer.ts";
export { type ChunkOptions, ChunkWriter, SYSTEM_FINGERPRINT } from "./chunk_writer.ts";
export { eventStream, type EventStreamOptions, serverSentEvent } from "./event_stream.ts";
export { Pace } from "./pace.ts";
export { planAnswers, type PlanOptions } from "./plan.ts";
export { computeWhole } from "./whole.ts";
export { assertRoom, Run, type RunOptions, type Usage } from "./run.ts";
