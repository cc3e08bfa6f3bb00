import { optionError } from "../errors.ts";
import type { ConnectedStore } from "../session/connect.ts";
import { connected } from "./connected.ts";
import { readInGroups } from "./groups.ts";
import type { SessionStore, StoredValue, Write } from "./store.ts";

/** The part of a Durable Objects binding that the store uses. */
export interface DurableObjectNamespace {
  idFromName(name: string): unknown;
  get(id: never): { fetch(url: string, init?: object): Promise<Response> };
}

/** The part of a Durable Object's state that the store uses. */
export interface DurableObjectState {
  readonly storage: {
    get(key: string): Promise<unknown>;
    put(key: string, value: unknown): Promise<void>;
    list(): Promise<Map<string, unknown>>;
    delete(keys: string[]): Promise<unknown>;
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
  };
}

type Question = { readonly keys: readonly string[] } | { readonly write: Write };

interface Kept extends StoredValue {
  /** When the value expires, in milliseconds since 1970. */
  readonly until: number;
}

/**
 * A store in Cloudflare Durable Objects: one object for each session and one for each user.
 *
 * @param namespace the binding of the class {@link SessionObject}, `env.SESSIONS`
 * @throws SessionError `ERR_SESSION_OPTION` if the argument is not such a binding
 * @example
 * ```ts
 * // export { SessionObject } from "@galleta/session/cloudflare";
 * const sessions = createSessions({ secretKey, store: durableObjectStore(env.SESSIONS) });
 * ```
 */
export function durableObjectStore(
  namespace: DurableObjectNamespace,
): SessionStore & ConnectedStore {
  if (typeof namespace?.idFromName !== "function" || typeof namespace.get !== "function") {
    throw optionError(
      "durableObjectStore needs the binding of the class SessionObject, as in durableObjectStore(env.SESSIONS).",
    );
  }
  return connected(new DurableObjectStore(namespace));
}

class DurableObjectStore implements SessionStore {
  readonly isLocal = false;
  readonly #namespace: DurableObjectNamespace;

  constructor(namespace: DurableObjectNamespace) {
    this.#namespace = namespace;
  }

  async get(keys: readonly string[]): Promise<(StoredValue | undefined)[]> {
    return readInGroups(
      keys,
      objectOf,
      async (group, name) => (await this.#ask(name, { keys: group })) as (StoredValue | null)[],
    );
  }

  async replace(write: Write): Promise<StoredValue | undefined> {
    const newer = await this.#ask(objectOf(write.key), { write });
    return (newer as StoredValue | null) ?? undefined;
  }

  async #ask(name: string, question: Question): Promise<unknown> {
    const object = this.#namespace.get(this.#namespace.idFromName(name) as never);
    const init = { method: "POST", body: JSON.stringify(question) };
    const response = await object.fetch("https://session/", init);
    if (!response.ok) throw new Error(`The Durable Object answered ${response.status}.`);
    return response.json();
  }
}

/**
 * Returns the name of the Durable Object that holds a key. The two keys of one session, `s:abc` and
 * `e:abc`, are both in the object `abc`.
 */
function objectOf(key: string): string {
  return key.slice(2);
}

/**
 * The class of the Durable Objects that {@link durableObjectStore} uses. Export it from your
 * Worker.
 */
export class SessionObject {
  readonly #storage: DurableObjectState["storage"];

  constructor({ storage }: DurableObjectState) {
    this.#storage = storage;
  }

  async fetch(request: Request): Promise<Response> {
    const question = (await request.json()) as Question;
    if ("write" in question) return Response.json((await this.#replace(question.write)) ?? null);
    const values = await Promise.all(question.keys.map((key) => this.#get(key)));
    return Response.json(values.map((value) => value ?? null));
  }

  /** Deletes expired values when the object's alarm fires, and sets the next alarm. */
  async alarm(): Promise<void> {
    const now = Date.now();
    const kept = [...(await this.#storage.list())] as [string, Kept][];
    const over = kept.filter(([, { until }]) => until <= now).map(([key]) => key);
    if (over.length > 0) await this.#storage.delete(over);
    const next = Math.min(...kept.map(([, { until }]) => until).filter((until) => until > now));
    if (Number.isFinite(next)) await this.#storage.setAlarm(next);
  }

  async #get(key: string): Promise<StoredValue | undefined> {
    const kept = (await this.#storage.get(key)) as Kept | undefined;
    if (kept === undefined || kept.until <= Date.now()) return undefined;
    return { rev: kept.rev, value: kept.value };
  }

  async #replace({ key, base, rev, value, seconds }: Write): Promise<StoredValue | undefined> {
    // A Durable Object has one thread, and receives no other request while it reads its storage. So
    // no write comes between this read and the write after it.
    const current = await this.#get(key);
    if (current !== undefined && current.rev > base) return current;
    const until = Date.now() + seconds * 1000;
    await this.#storage.put(key, { rev, value, until } satisfies Kept);
    const alarm = await this.#storage.getAlarm();
    if (alarm === null || alarm > until) await this.#storage.setAlarm(until);
    return undefined;
  }
}
