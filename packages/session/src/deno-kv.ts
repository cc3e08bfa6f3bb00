export {
  denoKvStore,
  type DenoKv,
  type DenoKvAtomic,
  type DenoKvStoreOptions,
} from "./store/deno-kv.ts";
