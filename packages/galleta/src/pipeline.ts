import { SessionError } from "@galleta/session";
import type { Commit } from "@galleta/session/adapter";
import { HTTPError as H3Error, type H3Event } from "h3";
import type { Core } from "./core.ts";
import { errorBody, HTTPError } from "./http-error.ts";
import { logError } from "./log.ts";
import { middlewareOf, runMiddleware } from "./middleware.ts";
import { heldOf, HttpRequest, isAborted, markSent, seal } from "./request.ts";
import { accept, clear, HttpResponse, render } from "./response.ts";
import type { AnyErrorHandler, AnyView } from "./route.ts";
import { guard, guardHost } from "./session-guard.ts";
import { protectStaged } from "./staged.ts";

/**
 * A view, and the apps to which it belongs: first the app that is served, then each mounted app
 * down to the one that registered the view.
 */
export interface Endpoint {
  readonly view: AnyView;
  readonly owners: readonly Core[];
  /** The largest body of a request, in bytes. Default: the setting `BODY_LIMIT` of the app. */
  readonly bodyLimit?: number | undefined;
}

type Req = HttpRequest<never, never>;
type Answer = Response | Promise<Response>;

/**
 * Answers one request: runs the cross-site check, the middleware, the view and the error handlers,
 * and saves the session. Returns a promise only if one of these steps is asynchronous.
 */
export function handle(endpoint: Endpoint, event: H3Event): Answer {
  const root = endpoint.owners[0]!;
  const bodyLimit = endpoint.bodyLimit ?? root.bodyLimit;
  const req = new HttpRequest<never, never>(event, root, bodyLimit);
  const res = new HttpResponse(root.sessions?.shared.settings.publicPath);
  let first: ReturnType<typeof guard>;
  try {
    const held = heldOf(req);
    first = held === undefined ? guardHost(root.hosts, event) : guard(held);
  } catch (error) {
    return deny(endpoint, req, res, error);
  }
  if (first === undefined) return run(endpoint, req, res);
  if (first instanceof Response) return first;
  return first.then(
    (instead) => instead ?? run(endpoint, req, res),
    (error: unknown) => deny(endpoint, req, res, error),
  );
}

function run(endpoint: Endpoint, req: Req, res: HttpResponse): Answer {
  const stack = middlewareOf(endpoint.owners);
  if (stack.length > 0) return runAround(stack, endpoint, req, res, () => endpoint.view(req, res));
  let returned: unknown;
  try {
    returned = endpoint.view(req, res);
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
  return isPromise(returned)
    ? settle(endpoint, req, res, returned)
    : finish(endpoint, req, res, returned);
}

async function settle(endpoint: Endpoint, req: Req, res: HttpResponse, view: PromiseLike<unknown>) {
  let returned: unknown;
  try {
    returned = await view;
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
  return finish(endpoint, req, res, returned);
}

async function runAround(
  stack: ReturnType<typeof middlewareOf>,
  endpoint: Endpoint,
  req: Req,
  res: HttpResponse,
  view: () => unknown,
): Promise<Response> {
  await runMiddleware(stack, req, res, {
    run: view,
    accept: (returned) => {
      accept(res, returned);
      checkStatus(res);
    },
    answer: (error) => answerError(endpoint, req, res, error),
  });
  return finish(endpoint, req, res, undefined);
}

/**
 * Answers a request that the cross-site or Host check denied. Middleware still runs, so that an
 * access log is complete. Using the session or the body of the request throws, and the response
 * remains an error whatever the middleware does.
 */
async function deny(endpoint: Endpoint, req: Req, res: HttpResponse, error: unknown) {
  const stack = middlewareOf(endpoint.owners);
  if (stack.length === 0) return recover(endpoint, req, res, error);
  seal(req, error);
  await runMiddleware(stack, req, res, {
    run: () => {
      throw error;
    },
    accept: (returned) => accept(res, returned),
    answer: async (thrown) => {
      seal(req, undefined);
      await answerError(endpoint, req, res, thrown);
      seal(req, error);
    },
  });
  seal(req, undefined);
  if (res.status >= 400) return finish(endpoint, req, res, undefined);
  clear(res);
  answer(req, res, error);
  return finish(endpoint, req, res, undefined);
}

/** Saves the session after the view has run, and then returns the response. */
function finish(endpoint: Endpoint, req: Req, res: HttpResponse, returned: unknown): Answer {
  try {
    accept(res, returned);
    checkStatus(res);
    const commit = heldOf(req)?.commit();
    return isPromise(commit) ? finishLater(endpoint, req, res, commit) : send(req, res, commit);
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
}

/** Returns the response after a store has saved the session. */
async function finishLater(
  endpoint: Endpoint,
  req: Req,
  res: HttpResponse,
  commit: PromiseLike<Commit>,
): Promise<Response> {
  try {
    return send(req, res, await commit);
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
}

function send(req: Req, res: HttpResponse, commit: Commit | undefined): Response {
  markSent(req);
  if (commit) protectStaged(req.event, commit);
  return render(res, commit, req.event);
}

/**
 * Returns the response for an error of the view or of saving the session. Changes to the session
 * are still saved, if that is possible.
 */
async function recover(endpoint: Endpoint, req: Req, res: HttpResponse, error: unknown) {
  await answerError(endpoint, req, res, error);
  try {
    return send(req, res, await heldOf(req)?.commit());
  } catch (failure) {
    clear(res);
    answer(req, res, failure);
    return send(req, res, await lastCommit(req));
  }
}

/**
 * Writes the answer to an error into `res`. The app's handler for this error makes the answer;
 * without a handler, the framework makes it.
 */
export async function answerError(
  endpoint: Pick<Endpoint, "owners">,
  req: Req,
  res: HttpResponse,
  error: unknown,
): Promise<void> {
  clear(res);
  try {
    const handler = handlerOf(endpoint, error);
    if (handler === undefined) return answer(req, res, error);
    accept(res, await handler(req, res, error as never));
    checkStatus(res);
  } catch (failure) {
    clear(res);
    answer(req, res, failure);
  }
}

/**
 * Throws RangeError if the status of the response cannot be sent. Runs before the session is saved,
 * because the session's cookies are returned only once, when it is saved.
 */
function checkStatus({ status }: HttpResponse): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError("res.status must be from 200 to 599.");
  }
}

/**
 * Gets the session's headers for the response after the session could not be saved. The changes
 * that failed are left out, but a header such as `Vary: Cookie` is still needed.
 */
async function lastCommit(req: Req): Promise<Commit | undefined> {
  try {
    return await heldOf(req)?.commit();
  } catch (error) {
    logError("The session could not be saved:", error);
    return undefined;
  }
}

/**
 * Finds the app's error handler for the class of an error, or for its nearest superclass. Handlers
 * of a mounted app are used before those of the app around it.
 */
function handlerOf(
  endpoint: Pick<Endpoint, "owners">,
  error: unknown,
): AnyErrorHandler | undefined {
  if (!(error instanceof Error)) return undefined;
  for (let index = endpoint.owners.length - 1; index >= 0; index -= 1) {
    const { errorHandlers } = endpoint.owners[index]!;
    if (errorHandlers.size === 0) continue;
    for (let type: unknown = error.constructor; type !== null; type = Object.getPrototypeOf(type)) {
      const handler = errorHandlers.get(type);
      if (handler) return handler;
    }
  }
  return undefined;
}

/**
 * Writes the answer to an error without a handler into `res`. If the error is unknown, it is
 * logged, and the client gets no details.
 */
export function answer(req: Req, res: HttpResponse, error: unknown): void {
  if (error instanceof HTTPError) {
    res.status = error.status;
    for (const [name, value] of error.headers ?? []) res.headers.append(name, value);
    res.json = error;
  } else if (error instanceof SessionError && error.status !== 500) {
    res.status = error.status;
    res.json = errorBody(error.status, error.message, error);
  } else if (H3Error.isError(error) && !error.unhandled && error.status < 500) {
    res.status = error.status;
    for (const [name, value] of error.headers ?? []) res.headers.append(name, value);
    res.json = errorBody(error.status, h3Detail(error));
  } else if (isAborted(req, error)) {
    // The client disconnected and the app is fine. If this were logged, clients that abort uploads
    // could fill the log.
    res.status = 400;
  } else {
    logError(`${req.method} ${req.url.pathname} failed:`, error);
    res.status = 500;
    res.json = errorBody(500);
  }
}

/**
 * Returns the details of an h3 error for the client: the issues that a schema found, so that a form
 * can show them, or else the message of the error.
 */
function h3Detail(error: H3Error): unknown {
  const { data } = error;
  if (typeof data === "object" && data !== null && "issues" in data && data.issues !== undefined) {
    return data;
  }
  return error.message;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
