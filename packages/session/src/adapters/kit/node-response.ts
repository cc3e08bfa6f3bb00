import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { joinCommits, type CommitHeaders } from "../../cookie/headers.ts";
import type { MaybePromise } from "../../maybe.ts";
import { applyToNode, type HeadArguments } from "./node-headers.ts";
import { secondSessionError } from "./given.ts";

/**
 * The methods of a response that send a part of it. The first call of any also sends the headers.
 */
type Method = "writeHead" | "write" | "end" | "flushHeaders";
type Call = (this: Hooked, ...args: unknown[]) => unknown;
type Methods = Record<Method, Call>;

/** The key under which a response keeps its `ResponseHook`, which saves the session. */
const HOOK = Symbol.for("galleta.hook");
type Hooked = ServerResponse & { [HOOK]: ResponseHook };

/**
 * The functions that replace a response's methods. All responses share them, because creating
 * functions for each response would cost more than the rest of `hookResponse`.
 */
const METHODS: Methods = {
  writeHead: hooked("writeHead"),
  write: hooked("write"),
  end: hooked("end"),
  flushHeaders: hooked("flushHeaders"),
};

function hooked(name: Method): Call {
  return function (...args) {
    return this[HOOK].call(name, args);
  };
}

/**
 * Saves a session right before the headers of a response are sent, and adds the session's cookies.
 * To do so, it replaces the response's `writeHead`, `write`, `end` and `flushHeaders`.
 *
 * Without a store, saving is synchronous. With a store, the handler's writes wait in order until
 * the session is saved, and `headersSent` is already true.
 *
 * @param commit saves the session and returns the headers to add. If it throws, it is called again
 *   for the headers of the error response
 * @param fail answers the request if the session could not be saved. It runs before any byte is
 *   sent. Later writes of the handler are dropped
 * @param property the name under which the handler finds the session. A response may have several
 *   sessions with different names
 * @throws SessionError `ERR_SESSION_SETUP` if the response already has a session of that name
 */
export function hookResponse(
  res: ServerResponse,
  commit: CommitFunction,
  fail: (error: unknown) => void,
  property = "session",
): void {
  const hook = (res as Partial<Hooked>)[HOOK];
  if (hook === undefined) new ResponseHook(res, commit, fail, property);
  else hook.add(commit, property);
}

type CommitFunction = () => MaybePromise<CommitHeaders>;

// One function serves all responses, as for METHODS.
function onPipe(this: Hooked, source: Readable): void {
  this[HOOK].piped(source);
}

function onUnpipe(this: Hooked, source: Readable): void {
  this[HOOK].unpiped(source);
}

class ResponseHook {
  readonly #res: ServerResponse;
  readonly #first: CommitFunction;
  readonly #property: string;
  /**
   * The functions that save further sessions of the same response, by the property of each session.
   */
  #others: Map<string, CommitFunction> | undefined;
  readonly #fail: (error: unknown) => void;
  /**
   * The response's methods before this hook replaced them: Node's own, or those of another
   * middleware.
   */
  readonly #original: Methods;
  /** Streams that are piped into the response. */
  #sources: Set<Readable> | undefined;
  /** Calls of the response's methods that wait until the session is saved, in order. */
  #waiting: [Method, unknown[]][] | undefined;
  #owed: CommitHeaders | undefined;
  #isSending = false;
  #hasFailed = false;
  /**
   * True once the error response to a failed commit was sent. Becomes true only after `end` has
   * returned, because `end` itself calls `write`.
   */
  #isAnswered = false;

  constructor(
    res: ServerResponse,
    commit: CommitFunction,
    fail: (error: unknown) => void,
    property: string,
  ) {
    const hookable = res as Methods & { [HOOK]?: ResponseHook };
    const { writeHead, write, end, flushHeaders } = hookable;
    this.#res = res;
    this.#first = commit;
    this.#property = property;
    this.#fail = fail;
    this.#original = { writeHead, write, end, flushHeaders };
    hookable[HOOK] = this;
    // Assigned one by one, because `Object.defineProperties` takes many times as long.
    hookable.writeHead = METHODS.writeHead;
    hookable.write = METHODS.write;
    hookable.end = METHODS.end;
    hookable.flushHeaders = METHODS.flushHeaders;
    // A test's substitute for a response may lack the methods of a stream.
    res.on?.("pipe", onPipe);
    res.on?.("unpipe", onUnpipe);
  }

  piped(source: Readable): void {
    (this.#sources ??= new Set()).add(source);
  }

  unpiped(source: Readable): void {
    this.#sources?.delete(source);
  }

  add(commit: CommitFunction, property: string): void {
    // Two sessions of one name would overwrite each other's cookie.
    if (property === this.#property || this.#others?.has(property)) {
      throw secondSessionError("The session of this response");
    }
    (this.#others ??= new Map()).set(property, commit);
  }

  /** Calls a method of the response now, or after the session was saved. */
  call(name: Method, args: unknown[]): unknown {
    const res = this.#res;
    // The error response was sent after a failed commit. Later calls of the handler are dropped.
    if (this.#isAnswered) return name !== "write" && res;
    // While the commit runs, the response reports its headers as sent.
    const isFirst = !this.#isSending && !res.headersSent;
    if (this.#waiting === undefined && (!isFirst || this.#ready())) {
      return this.#send(name, args, isFirst);
    }
    if (name === "writeHead" && this.#waiting !== undefined && this.#waiting.length > 0) {
      throw Object.assign(new Error("writeHead was called after the response had begun."), {
        code: "ERR_HTTP_HEADERS_SENT",
      });
    }
    // After a failed commit there is no queue, so the call is dropped.
    this.#waiting?.push([name, args]);
    return name !== "write" && res;
  }

  /**
   * Calls the original method of the response, which this hook replaced.
   *
   * @param isFirst true if this call also sends the headers; the session's headers are then added
   */
  #send(name: Method, args: unknown[], isFirst: boolean): unknown {
    const res = this.#res as Hooked;
    if (isFirst) {
      const head = name === "writeHead" ? (args as HeadArguments) : undefined;
      const { writeHead } = Object.getPrototypeOf(res) as ServerResponse;
      applyToNode(res, this.#owed!, head, this.#original.writeHead === writeHead);
    }
    this.#isSending = true;
    try {
      const result = this.#original[name].apply(res, args);
      this.#isAnswered = this.#hasFailed && name === "end";
      return result;
    } catch (error) {
      // If Node rejects a header, the app's answer to that error needs the cookie too.
      this.#isSending = res.headersSent;
      throw error;
    }
  }

  /**
   * Saves the session, unless that was done before.
   *
   * @returns true if the headers can be sent now; false if the session is still being saved, or if
   *   saving failed
   */
  #ready(): boolean {
    try {
      const commit = this.#owed ?? this.#commit();
      if (commit instanceof Promise) void this.#wait(commit);
      else {
        this.#owed = commit;
        return true;
      }
    } catch (error) {
      // An error thrown here would end the process if no framework catches it: in a stream's event,
      // in a callback, or in the framework's own answer to an error.
      this.#giveUp(error);
    }
    return false;
  }

  #commit(): MaybePromise<CommitHeaders> {
    if (this.#others === undefined) return this.#first();
    const owed = [this.#first, ...this.#others.values()].map((commit) => commit());
    return owed.some((one) => one instanceof Promise)
      ? Promise.all(owed).then(joinCommits)
      : joinCommits(owed as CommitHeaders[]);
  }

  async #wait(commit: Promise<CommitHeaders>): Promise<void> {
    const res = this.#res;
    const calls: [Method, unknown[]][] = (this.#waiting = []);
    // Code that runs meanwhile must see `headersSent`: otherwise it would send a second response.
    const shadows: PropertyDescriptorMap = {
      headersSent: { get: () => true, configurable: true },
      writableEnded: { get: () => calls.some(([name]) => name === "end"), configurable: true },
    };
    Object.defineProperties(res, shadows);
    try {
      try {
        this.#owed = await commit;
      } finally {
        this.#waiting = undefined;
        for (const name in shadows) Reflect.deleteProperty(res, name);
      }
      let canWrite: unknown = true;
      for (const [name, args] of calls) canWrite = this.call(name, args);
      if (canWrite === true && !res.writableEnded) res.emit("drain");
    } catch (error) {
      if (res.headersSent) res.destroy();
      else this.#giveUp(error);
    }
  }

  #giveUp(error: unknown): void {
    this.#hasFailed = true;
    for (const source of this.#sources ?? []) {
      source.unpipe(this.#res);
      source.destroy();
    }
    this.#fail(error);
  }
}
