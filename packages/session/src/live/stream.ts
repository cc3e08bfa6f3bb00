import { SessionError } from "../errors.ts";
import { contextOf, type SessionContext } from "../session/context.ts";
import { throwStreamBegun } from "../session/late-writes.ts";
import { hubOf } from "./hub.ts";
import type { LiveHandle } from "./socket.ts";

/** A response of Node, or another writable stream. */
export interface WritableTarget {
  write(chunk: never): unknown;
  end(done?: () => void): unknown;
  on(event: "pipe" | "unpipe", listener: (source: PipedSource) => void): unknown;
  once(event: "close", listener: () => void): unknown;
}

interface PipedSource {
  unpipe(target: never): unknown;
  destroy(): unknown;
}

/** A stream with `close`, such as that of h3's `createEventStream`. */
export interface ClosableTarget {
  close(): unknown;
  onClosed(listener: () => void): unknown;
}

/** The streams that {@link attachStream} accepts. */
export type StreamTarget =
  | Response
  | ReadableStream
  | WritableTarget
  | ClosableTarget
  | AsyncIterable<unknown>;

/** Options of {@link attachStream}. */
export interface StreamOptions {
  /**
   * Called when another request or socket changed the session. The session object already has the
   * new data.
   */
  readonly changed?: () => void;
}

/**
 * Ties a stream, such as server-sent events, to its session. The stream ends when the session does.
 *
 * The session object shows changes of other requests, and `update` can change the session. If the
 * request has no session, this function never ends the stream.
 *
 * @param stream a response of Node, a web `Response` or `ReadableStream`, an async iterable, or a
 *   stream with `close` and `onClosed`
 * @returns the stream to send: the same one, or a replacement
 * @throws SessionError `ERR_SESSION_NOT_A_SESSION`, `ERR_SESSION_OPTION`, `ERR_SESSION_STORE`
 * @example
 * ```ts
 * const events = new ReadableStream();
 * const response = attachStream(req.session, new Response(events));
 * ```
 */
export function attachStream<Stream extends StreamTarget>(
  session: object,
  stream: Stream,
  options: StreamOptions = {},
): Stream {
  const context = contextOf(session);
  // Throws if the store failed. A stream that is not tied would go on after a logout.
  void context.state;
  const tie = new Tie(context, options);
  return follow(tie, stream) as Stream;
}

function follow(tie: Tie, stream: StreamTarget): StreamTarget {
  if (stream instanceof Response) {
    const { body } = stream;
    return body === null ? stream : new Response(followReadable(tie, body), stream);
  }
  if (stream instanceof ReadableStream) return followReadable(tie, stream);
  if ("write" in stream && "end" in stream) return followWritable(tie, stream);
  if ("onClosed" in stream) {
    stream.onClosed(() => tie.release());
    tie.hold(() => stream.close());
    return stream;
  }
  if (Symbol.asyncIterator in stream && !("pipe" in stream)) return followIterable(tie, stream);
  throw new SessionError(
    "ERR_SESSION_OPTION",
    "attachStream needs a response of Node, a Response or ReadableStream, an async iterable, or a stream with close and onClosed.",
  );
}

/** Ties a stream to its session after the response has begun. */
class Tie {
  readonly #context: SessionContext<never>;
  readonly #options: StreamOptions;
  #handle: LiveHandle | undefined;
  #isReleased = false;

  constructor(context: SessionContext<never>, options: StreamOptions) {
    this.#context = context;
    this.#options = options;
  }

  /**
   * Ties the stream to its session once the session is saved for the response.
   * @param close ends the stream when its session ends
   */
  hold(close: () => unknown): void {
    this.#context.afterCommit(() => {
      if (this.#isReleased) return;
      const end = () => {
        if (!this.#isReleased) void close();
        this.#isReleased = true;
      };
      const socket = {
        // The response is just being sent. Its stream must begin before it can end.
        close: () => queueMicrotask(end),
        changed: () => this.#options.changed?.(),
      };
      this.#handle = hubOf(this.#context.shared).attach(this.#context, socket, throwStreamBegun);
    });
  }

  /** Call this when the stream ended by itself, so that its session no longer ends it. */
  release(): void {
    this.#isReleased = true;
    this.#handle?.detach();
  }
}

function followWritable(tie: Tie, target: WritableTarget): WritableTarget {
  const sources = new Set<PipedSource>();
  target.on("pipe", (source) => sources.add(source));
  target.on("unpipe", (source) => sources.delete(source));
  target.once("close", () => tie.release());
  tie.hold(() => {
    const piped = [...sources];
    for (const source of piped) source.unpipe(target as never);
    target.end(() => {
      for (const source of piped) source.destroy();
    });
    // Node would treat a write after the end as an uncaught error, and the app may write until it
    // notices the end.
    target.write = () => false;
    target.end = () => target;
  });
  return target;
}

function followReadable(tie: Tie, source: ReadableStream): ReadableStream {
  const reader = source.getReader();
  let isEnded = false;
  return new ReadableStream(
    {
      start(controller) {
        tie.hold(() => {
          isEnded = true;
          controller.close();
          reader.cancel().catch(() => undefined);
        });
      },
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          tie.release();
          throw error;
        });
        if (isEnded) return;
        if (!done) {
          controller.enqueue(value);
          return;
        }
        tie.release();
        controller.close();
      },
      cancel(reason) {
        tie.release();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

const OVER: IteratorReturnResult<undefined> = { done: true, value: undefined };

function followIterable(tie: Tie, source: AsyncIterable<unknown>): AsyncIterable<unknown> {
  const iterator = source[Symbol.asyncIterator]();
  let isEnded = false;
  // One promise for each step: with one promise for the whole stream, memory would grow with each
  // step.
  let finish: ((step: IteratorResult<unknown>) => void) | undefined;
  const end = () => {
    isEnded = true;
    finish?.(OVER);
    // A generator that waits for a promise returns only after the promise has settled.
    void iterator.return?.().catch(() => undefined);
  };
  tie.hold(end);
  const steps: AsyncIterableIterator<unknown> = {
    [Symbol.asyncIterator]: () => steps,
    next: () =>
      new Promise((resolve, reject) => {
        if (isEnded) {
          resolve(OVER);
          return;
        }
        finish = resolve;
        iterator.next().then(
          (step) => {
            if (step.done === true) tie.release();
            resolve(step);
          },
          (error: unknown) => {
            tie.release();
            reject(error as Error);
          },
        );
      }),
    return: async (value) => {
      tie.release();
      return (await iterator.return?.(value)) ?? { done: true, value };
    },
  };
  return steps;
}
