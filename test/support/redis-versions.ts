import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { available, command } from "./require.ts";

/** A server of Redis, as the tests start it. */
export interface RedisVersion {
  readonly name: string;
  readonly command: string;
  readonly env?: Readonly<Record<string, string>>;
  /** False before Redis 7: the port of a Cluster's bus is the port + 10,000. */
  readonly hasClusterPort?: false;
  /** False if the suite must be skipped. It says why. */
  readonly isAvailable: () => boolean;
}

/** Debian's own, which most tests use. */
export const REDIS: RedisVersion = {
  name: "Redis 7",
  command: "redis-server",
  isAvailable: () => available(command("redis-server", "redis-server")),
};

// scripts/redis-servers.mjs fills it.
const folder = fileURLToPath(new URL("../databases/servers/", import.meta.url));
const libraries = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
  .map((architecture) => join(folder, "redis-6/usr/lib", architecture))
  .join(":");

const valkey = join(folder, "valkey/usr/bin/valkey-server");
const redis6 = join(folder, "redis-6/usr/bin/redis-server");

export const REDIS_VERSIONS: readonly RedisVersion[] = [
  REDIS,
  { name: "Valkey 8", command: valkey, isAvailable: () => isUnpacked("valkey", valkey) },
  {
    name: "Redis 6",
    command: redis6,
    env: { LD_LIBRARY_PATH: libraries },
    hasClusterPort: false,
    isAvailable: () => isUnpacked("redis-6", redis6),
  },
];

function isUnpacked(name: string, program: string): boolean {
  if (existsSync(program)) return true;
  const reason = join(folder, name, "unavailable");
  if (existsSync(reason)) {
    console.warn(`SKIPPED. ${name} cannot be had here: ${readFileSync(reason, "utf8")}`);
    return false;
  }
  const message = `The tests of ${name} need: npm run runtimes`;
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(`SKIPPED. ${message}`);
  return false;
}
