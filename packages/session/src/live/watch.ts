import type { StorePort } from "../session/ports.ts";
import { background } from "../timer.ts";
import type { Backplane } from "./backplane.ts";
import { bucketOf } from "./buckets.ts";
import type { LiveSession } from "./attached.ts";
import type { Registry } from "./registry.ts";

/**
 * How many milliseconds pass between two checks of all sessions with open sockets. The first value
 * is for use without a backplane, the second for use with one.
 */
const ALONE_MS = 1000;
const WITH_BACKPLANE_MS = 30_000;
/** How many sessions are read from the store in one round trip. */
const AT_ONCE = 200;

/**
 * Keeps open sockets up to date. It listens to the backplane's messages about their sessions. Since
 * messages can be lost, it also reads each session from the store, first when it begins to listen
 * and then regularly. In a process without sockets it does nothing and has no timer.
 */
export class Watch {
  readonly #store: StorePort;
  readonly #backplane: Backplane | undefined;
  readonly #registry: () => Registry;
  readonly #check: (lives: readonly LiveSession[]) => Promise<void>;
  readonly #attempt: (call: () => unknown) => Promise<void>;
  readonly #buckets = new Map<number, { count: number; ready: Promise<void> }>();
  #waiting = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  #held = 0;

  constructor(
    store: StorePort,
    backplane: Backplane | undefined,
    registry: () => Registry,
    check: (lives: readonly LiveSession[]) => Promise<void>,
    attempt: (call: () => unknown) => Promise<void>,
  ) {
    this.#store = store;
    this.#backplane = backplane;
    this.#registry = registry;
    this.#check = check;
    this.#attempt = attempt;
  }

  hold(name: string): void {
    this.#held += 1;
    if (this.#held === 1) this.#start();
    const ready = this.#follow(bucketOf(name));
    // Catches changes that came after the session was loaded and before its bucket was followed.
    if (!this.#store.isLocal) void ready.then(() => this.soon(name));
  }

  release(name: string): void {
    this.#held -= 1;
    if (this.#held === 0) this.stop();
    const bucket = bucketOf(name);
    const followed = this.#buckets.get(bucket);
    if (followed === undefined) return;
    followed.count -= 1;
    if (followed.count > 0) return;
    this.#buckets.delete(bucket);
    void this.#attempt(() => this.#backplane?.unfollow?.(bucket));
  }

  /**
   * Reads a session, or the sessions of a user, from the store soon. Reads that are pending at the
   * same time are sent together.
   */
  soon(name: string): void {
    if (this.#waiting.size === 0) setTimeout(() => void this.#flush(), 0);
    this.#waiting.add(name);
  }

  /** Reads all sessions with open sockets from the store, because messages may have been lost. */
  async all(): Promise<void> {
    const lives = [...this.#registry().all()];
    for (let i = 0; i < lives.length; i += AT_ONCE) {
      await this.#check(lives.slice(i, i + AT_ONCE));
    }
  }

  /** Starts again after {@link Watch.stop}, if sockets are still open. */
  resume(): void {
    if (this.#held === 0 || this.#timer !== undefined || this.#unwatch !== undefined) return;
    this.#start();
    for (const [bucket, followed] of this.#buckets) {
      followed.ready = this.#attempt(() => this.#backplane?.follow?.(bucket));
    }
    void this.all();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #start(): void {
    this.#unwatch = this.#store.watch((key) => this.#written(key));
    if (this.#unwatch !== undefined) return;
    const every = this.#backplane === undefined ? ALONE_MS : WITH_BACKPLANE_MS;
    this.#timer = background(setInterval(() => void this.all(), every));
  }

  /**
   * Called when this process wrote to a store in its own memory. Updates the open sockets of the
   * session or user whose key was written.
   */
  #written(key: string): void {
    const name = key.startsWith("u:") ? key : key.slice(2);
    const registry = this.#registry();
    if (registry.get(name) === undefined && registry.ofUser(name).length === 0) return;
    this.soon(name);
  }

  async #flush(): Promise<void> {
    const names = this.#waiting;
    this.#waiting = new Set();
    const registry = this.#registry();
    const lives = new Set<LiveSession>();
    for (const name of names) {
      const live = registry.get(name);
      if (live !== undefined) lives.add(live);
      for (const one of registry.ofUser(name)) lives.add(one);
    }
    const list = [...lives];
    for (let i = 0; i < list.length; i += AT_ONCE) await this.#check(list.slice(i, i + AT_ONCE));
  }

  #follow(bucket: number): Promise<void> {
    const followed = this.#buckets.get(bucket);
    if (followed !== undefined) {
      followed.count += 1;
      return followed.ready;
    }
    const ready = this.#attempt(() => this.#backplane?.follow?.(bucket));
    this.#buckets.set(bucket, { count: 1, ready });
    return ready;
  }
}
