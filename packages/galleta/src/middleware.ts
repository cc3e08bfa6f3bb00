import type { Core } from "./core.ts";
import { handled } from "./handled.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";
import type { AnyMiddleware } from "./route.ts";

type Req = HttpRequest<never, never>;

/** The step around which all middleware runs: a view, or the handshake of a socket. */
export interface Middle {
  /** Runs the view or the handshake. Not called if a middleware did not call `next`. */
  run(): unknown;
  /**
   * Puts the return value of a middleware, a view or a handshake into the response. Throws if the
   * value cannot be sent.
   */
  accept(returned: unknown): void;
  /** Puts the answer to an error into the response. Never rejects. */
  answer(error: unknown): Promise<void>;
}

/**
 * Returns the middleware of a route: first that of the app that is served, then that of each
 * mounted app down to the one with the route.
 */
export function middlewareOf(owners: readonly Core[]): readonly AnyMiddleware[] {
  return owners.length === 1 ? owners[0]!.middleware : owners.flatMap((owner) => owner.middleware);
}

/**
 * Runs middleware around a view or a handshake. Never rejects. The answer to an error is written
 * into `res` before `next()` rejects with the error, so that the middleware that awaits `next()`
 * sees the real status.
 */
export async function runMiddleware(
  stack: readonly AnyMiddleware[],
  req: Req,
  res: HttpResponse,
  middle: Middle,
): Promise<void> {
  let answered: unknown;
  await runFrom(0).catch(() => undefined);

  async function runFrom(index: number): Promise<void> {
    try {
      middle.accept(await runLayer(index));
    } catch (error) {
      if (error !== answered) {
        answered = error;
        await middle.answer(error);
      }
      throw error;
    }
  }

  async function runLayer(index: number): Promise<unknown> {
    const layer = stack[index];
    if (layer === undefined) return middle.run();
    let inner: Promise<void> | undefined;
    let isDone = false;
    const next = () =>
      (inner ??= handled(
        runFrom(index + 1).finally(() => {
          isDone = true;
        }),
      ));
    const returned = await layer(req, res, next);
    // If a middleware forgot to await `next()`, the view must still finish, and its error must not
    // end the process.
    if (inner !== undefined && !isDone) await inner;
    return returned;
  }
}
