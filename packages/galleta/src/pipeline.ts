import { SessionError } from "@galleta/session";
import type { Commit } from "@galleta/session/adapter";
import { HTTPError as H3Error, HTTPResponse, type H3Event } from "h3";
import type { Core } from "./core.ts";
import { errorBody, HTTPError } from "./http-error.ts";
import { logError } from "./log.ts";
import { heldOf, HttpRequest } from "./request.ts";
import { adopt, clear, HttpResponse, render } from "./response.ts";
import type { AnyErrorHandler, AnyMiddleware, AnyView } from "./route.ts";
import { guard, guardHost } from "./session-guard.ts";
import { protectStaged } from "./staged.ts";

/** A view and the apps it belongs to: the served one first, then the ones mounted on the way. */
export interface Endpoint {
  readonly view: AnyView;
  readonly owners: readonly Core[];
}

type Req = HttpRequest<never, never>;
type Answer = Response | Promise<Response>;

/**
 * Takes one request through its app: the session's checks, the middleware, the view, the error
 * handlers, the commit of the session. Stays synchronous as long as the view does.
 */
export function handle(endpoint: Endpoint, event: H3Event): Answer {
  const root = endpoint.owners[0]!;
  const req = new HttpRequest<never, never>(event, root.sessions, root.bodyLimit);
  const res = new HttpResponse();
  let returned: unknown;
  try {
    const held = heldOf(req);
    const first = held === undefined ? guardHost(root.hosts, event) : guard(held);
    const goOn = (instead: Response | undefined) => instead ?? runLayers(endpoint, req, res);
    returned = first instanceof Promise ? first.then(goOn) : goOn(first);
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

function runLayers(endpoint: Endpoint, req: Req, res: HttpResponse): unknown {
  const { owners } = endpoint;
  const stack =
    owners.length === 1 ? owners[0]!.middleware : owners.flatMap((owner) => owner.middleware);
  return stack.length === 0 ? endpoint.view(req, res) : runStack(stack, endpoint, req, res);
}

function runStack(
  stack: AnyMiddleware[],
  endpoint: Endpoint,
  req: Req,
  res: HttpResponse,
): unknown {
  return runLayer(0);

  function runLayer(index: number): unknown {
    const layer = stack[index];
    if (layer === undefined) return endpoint.view(req, res);
    let inner: Promise<void> | undefined;
    return layer(req, res, () => (inner ??= runInner(index + 1)));
  }

  async function runInner(index: number): Promise<void> {
    const returned = await runLayer(index);
    if (isResponse(returned)) adopt(res, returned);
  }
}

/** The view is through: saves the session, then sends what was set. */
function finish(endpoint: Endpoint, req: Req, res: HttpResponse, returned: unknown): Answer {
  try {
    if (isResponse(returned)) adopt(res, returned);
    checkStatus(res);
    const commit = heldOf(req)?.commit();
    return isPromise(commit) ? finishLater(endpoint, req, res, commit) : send(req, res, commit);
  } catch (error) {
    return recover(endpoint, req, res, error);
  }
}

/** With a store, to save takes time. */
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
  if (commit) protectStaged(req.event, commit);
  return render(res, commit);
}

/** The view failed, or its session cannot be saved. Its cookie is sent all the same. */
async function recover(endpoint: Endpoint, req: Req, res: HttpResponse, error: unknown) {
  clear(res);
  try {
    const handler = handlerOf(endpoint, error);
    const returned = await (handler ? handler(req, res, error as never) : answer(req, res, error));
    if (isResponse(returned)) adopt(res, returned);
    checkStatus(res);
    return send(req, res, await heldOf(req)?.commit());
  } catch (failure) {
    clear(res);
    answer(req, res, failure);
    return send(req, res, await lastCommit(req));
  }
}

/** A session is saved once, so whatever can fail must fail before that. */
function checkStatus({ status }: HttpResponse): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError("res.status is not a status from 200 to 599.");
  }
}

/** After a commit that failed, the engine gives none of the changes, but what is due all the same. */
async function lastCommit(req: Req): Promise<Commit | undefined> {
  try {
    return await heldOf(req)?.commit();
  } catch (error) {
    logError("The session could not be saved:", error);
    return undefined;
  }
}

/** The handler of the error's own class, or of the nearest class above it; inner apps go first. */
function handlerOf(endpoint: Endpoint, error: unknown): AnyErrorHandler | undefined {
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

/** What the framework itself answers to an error. Of an unknown one the client learns nothing. */
function answer(req: Req, res: HttpResponse, error: unknown): void {
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
  } else {
    logError(`${req.method} ${req.url.pathname} failed:`, error);
    res.status = 500;
    res.json = errorBody(500);
  }
}

/** A schema's issues where there are any, so that a form can show them; else h3's sentence. */
function h3Detail(error: H3Error): unknown {
  const { data } = error;
  if (typeof data === "object" && data !== null && "issues" in data && data.issues !== undefined) {
    return data;
  }
  return error.message;
}

function isResponse(value: unknown): value is Response | HTTPResponse {
  return value instanceof Response || value instanceof HTTPResponse;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value;
}
