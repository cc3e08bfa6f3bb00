import type { Core } from "./core.ts";
import { handled } from "./handled.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpResponse } from "./response.ts";
import type { AnyMiddleware } from "./route.ts";

type Req = HttpRequest<never, never>;

/** The innermost step inside the middleware: a view, or the handshake of a socket. */
export interface Middle {
  /** Runs the view or handshake, if no middleware answered. */
  run(): unknown;
  /** Uses the return value of a middleware or of the innermost step. May throw. */
  accept(returned: unknown): void;
  /** Puts the answer to an error into the response. Never rejects. */
  answer(error: unknown): Promise<void>;
}

/** Returns the middleware around an endpoint, outer apps first. */
export function middlewareOf(owners: readonly Core[]): readonly AnyMiddleware[] {
  return owners.length === 1 ? owners[0]!.middleware : owners.flatMap((owner) => owner.middleware);
}

/**
 * Runs middleware around a view or a handshake. Never rejects. The answer to an error is written
 * into `res` before `next()` rejects with the error, so that outer middleware sees the real status.
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
