export { redisBackplane, type RedisBackplaneOptions } from "./live/redis.ts";
export type { IoRedisClient, NodeRedisClient, RedisClient } from "./store/redis-client.ts";
export { redisStore, type RedisStoreOptions } from "./store/redis.ts";
