// node run.mjs <node-sqlite | bun-sqlite | better-sqlite3 | deno-kv | docs-dynamodb> [file]: prints what
// failed, as JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { checkStore } from "./checks.mjs";

const [, , kind, file] = process.argv;
const folder = mkdtempSync(join(tmpdir(), "galleta-databases-"));
const ends = [() => rmSync(folder, { recursive: true, force: true })];

/** Gives each store a connection of its own to one file. */
async function sqlite(Database) {
  const { sqliteStore } = await import("@galleta/session/sqlite");
  return () => {
    const database = new Database(join(folder, "sessions.db"));
    ends.push(() => database.close());
    return sqliteStore(database);
  };
}

const KINDS = {
  "node-sqlite": async () => sqlite((await import("node:sqlite")).DatabaseSync),
  "bun-sqlite": async () => sqlite((await import("bun:sqlite")).Database),
  "better-sqlite3": async () => sqlite((await import("better-sqlite3")).default),
  async "deno-kv"() {
    const { denoKvStore } = await import("@galleta/session/deno-kv");
    return async () => {
      const kv = await globalThis.Deno.openKv(join(folder, "kv.db"));
      ends.push(() => kv.close());
      return denoKvStore(kv);
    };
  },
  /** The store of docs/stores.md, on a server that speaks DynamoDB's protocol. */
  async "docs-dynamodb"() {
    const { default: dynalite } = await import("dynalite");
    const { CreateTableCommand, DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
    const server = dynalite({ createTableMs: 0 });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(() => server.close());
    const client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${server.address().port}`,
      region: "local",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    ends.push(() => client.destroy());
    await client.send(
      new CreateTableCommand({
        TableName: "sessions",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const { dynamoStore } = await import(file);
    return () => dynamoStore(client, "sessions");
  },
};

const outcomes = await checkStore(await KINDS[kind](), kind !== "docs-dynamodb");
for (const end of ends.toReversed()) end();
console.log(JSON.stringify(outcomes));
process.exit();
