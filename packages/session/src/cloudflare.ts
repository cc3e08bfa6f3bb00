export {
  d1Migration,
  d1Store,
  type D1Database,
  type D1Statement,
  type D1StoreOptions,
} from "./store/d1.ts";
export {
  durableObjectStore,
  SessionObject,
  type DurableObjectNamespace,
  type DurableObjectState,
} from "./store/durable-object.ts";
