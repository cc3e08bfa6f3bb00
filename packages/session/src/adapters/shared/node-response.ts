import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { Commit } from "../../cookie/headers.ts";
import type { MaybePromise } from "../../maybe.ts";
import { applyToNode, takeHeadHeaders, type HeadArguments } from "./node-headers.ts";

/** What is called on a response to send something. Each may be the first that sends the headers. */
type Method = "writeHead" | "write" | "end" | "flushHeaders";
type AnyCall = (...args: unknown[]) => unknown;

/**
 * Asks for a session's commit right before the headers of a response go out, whatever sends them,
 * and adds its headers to them.
 *
 * Without a store all of it is synchronous, and what `commit` throws comes out of the call that
 * began the response: `res.end()` and its like. While a commit waits for a store, what is written
 * waits in order; the response then says of itself that its headers were sent.
 *
 * @param commit gives what the response owes to its session; after it threw, it gives no cookies
 * @param fail answers the request where nobody could catch an error: with a store, and where a
 * stream is piped into the response. Nothing has been sent when it is called.
 */
export function hookResponse(
  res: ServerResponse,
  commit: () => MaybePromise<Commit>,
  fail: (error: unknown) => void,
): void {
  new ResponseHook(res, commit, fail);
}

class ResponseHook {
  readonly #res: ServerResponse;
  readonly #commit: () => MaybePromise<Commit>;
  readonly #fail: (error: unknown) => void;
  readonly #sources = new Set<Readable>();
  /** What was called while the commit is on its way. */
  #waiting: (() => unknown)[] | undefined;
  #owed: Commit | undefined;
  #isSending = false;
  #isEnding = false;

  constructor(
    res: ServerResponse,
    commit: () => MaybePromise<Commit>,
    fail: (error: unknown) => void,
  ) {
    this.#res = res;
    this.#commit = commit;
    this.#fail = fail;
    this.#wrap("writeHead", res);
    this.#wrap("write", false);
    this.#wrap("end", res);
    this.#wrap("flushHeaders", undefined);
    res.on("pipe", (source: Readable) => this.#sources.add(source));
    res.on("unpipe", (source: Readable) => this.#sources.delete(source));
  }

  #wrap(name: Method, whileWaiting: unknown): void {
    const res = this.#res as unknown as Record<Method, AnyCall>;
    const original = res[name];
    const wrapped: AnyCall = (...args) => {
      if (this.#waiting === undefined) {
        if (this.#isSending || this.#res.headersSent) return original.apply(res, args);
        if (this.#ready()) return this.#send(name, original, args);
        // A stream that failed to be saved is cut off; there is nothing to wait for.
        if (this.#waiting === undefined) return whileWaiting;
      }
      if (name === "writeHead" && this.#waiting.length > 0) throw headersSent();
      this.#isEnding ||= name === "end";
      this.#waiting.push(() => wrapped(...args));
      return whileWaiting;
    };
    // Assigned, and not defined, which would take many times as long.
    res[name] = wrapped;
  }

  /** The first call that sends: the headers go out with it. */
  #send(name: Method, original: AnyCall, args: unknown[]): unknown {
    const res = this.#res;
    const owed = this.#owed!;
    if (name === "writeHead" && owed.accessed) takeHeadHeaders(res, args as HeadArguments);
    applyToNode(res, owed);
    this.#isSending = true;
    try {
      return original.apply(res, args);
    } catch (error) {
      // The answer to a bad header, say, owes the cookie as well.
      this.#isSending = res.headersSent;
      throw error;
    }
  }

  /** Whether the headers can go out now. */
  #ready(): boolean {
    if (this.#owed !== undefined) return true;
    try {
      const commit = this.#commit();
      if (commit instanceof Promise) void this.#wait(commit);
      else this.#owed = commit;
    } catch (error) {
      if (this.#sources.size === 0) throw error;
      // Thrown inside a stream's event, it would end the process.
      this.#giveUp(error);
      return false;
    }
    return this.#owed !== undefined;
  }

  async #wait(commit: Promise<Commit>): Promise<void> {
    const res = this.#res;
    const calls: (() => unknown)[] = (this.#waiting = []);
    // Whoever asks meanwhile must not begin a second answer.
    Object.defineProperties(res, {
      headersSent: { get: () => true, configurable: true },
      writableEnded: { get: () => this.#isEnding, configurable: true },
    });
    try {
      try {
        this.#owed = await commit;
      } finally {
        this.#waiting = undefined;
        Reflect.deleteProperty(res, "headersSent");
        Reflect.deleteProperty(res, "writableEnded");
      }
      let canWrite: unknown = true;
      for (const call of calls) canWrite = call();
      if (canWrite === true && !res.writableEnded) res.emit("drain");
    } catch (error) {
      if (res.headersSent) res.destroy();
      else this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    for (const source of this.#sources) {
      source.unpipe(this.#res);
      source.destroy();
    }
    this.#fail(error);
  }
}

function headersSent(): Error {
  const error = new Error("The headers of this response are on their way already.");
  return Object.assign(error, { code: "ERR_HTTP_HEADERS_SENT" });
}
