export { BinWriter, type BinWriterOptions, type BinWriterState } from "./bin_writer.ts";
export { assertDigests, digestsOf } from "./files.ts";
export type { MdsFile, MdsShard } from "./mds_format.ts";
export { localFiles, mdsSet, type ShardFiles } from "./mds_reader.ts";
export { MdsWriter, type MdsWriterOptions, type MdsWriterState, writeMds } from "./mds_writer.ts";
export { openShards, type OpenShardsOptions } from "./open_shards.ts";
export type { Shard, ShardSet, ShardSize } from "./shard_set.ts";
