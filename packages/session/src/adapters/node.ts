import { when } from "../maybe.ts";
import type { OtherProperties, SessionData, SessionOf } from "../session/data.ts";
import { exposeSession } from "./kit/expose.ts";
import type { NodeRequest } from "./kit/node-facts.ts";
import { NodeSession, sendReply, warnAndAnswer, type NodeResponse } from "./kit/node-session.ts";
import { lazySessions, type LazySessions } from "./kit/given.ts";

/** A request with its session. */
export type WithSession<Request, Data = SessionData> = Omit<
  Request,
  "session" | keyof OtherProperties
> &
  OtherProperties & {
    get session(): SessionOf<Data>;
    /** The session. Assign an object to replace its data, or null to end the session. */
    set session(value: SessionOf<Data> | null);
  };

/** Sessions for a Node server. */
export interface NodeSessions<Data = SessionData> {
  /**
   * Wraps a request listener, which then finds the session in `req.session`:
   * `createServer(withSession((req, res) => { ... }))`.
   */
  <Req extends NodeRequest, Res extends NodeResponse>(
    handler: (req: WithSession<Req, Data>, res: Res) => unknown,
  ): (req: Req, res: Res) => unknown;
  /**
   * Adds the session to one request, if the cross-site check accepts the request.
   *
   * @returns true if the handler may run; false if the request was already answered, usually
   *   because it was denied. A promise only if the sessions have a store, the request needs a CSRF
   *   token, or its path is one of Galleta's own endpoints
   */
  attach(req: NodeRequest, res: NodeResponse): boolean | Promise<boolean>;
}

/** Settings for {@link session}, in addition to the session options. */
export interface NodeSessionSettings {
  /**
   * Answers a request whose session could not be set up, loaded or saved. Default: prints a process
   * warning (event `warning`, standard error) and answers 500.
   */
  readonly onError?: (error: unknown, req: NodeRequest, res: NodeResponse) => void;
}

/**
 * Sessions for `http.createServer`, `https.createServer` and the compatibility layer of
 * `node:http2`: `req.session`, with the cross-site check.
 *
 * @param given options, sessions shared with a WebSocket server, or a function that returns either
 *   at the first request
 * @throws SessionError `ERR_SESSION_OPTION`, `ERR_SESSION_KEY`; the listener throws
 *   `ERR_SESSION_SETUP` if a request already has a session
 * @example
 * ```ts
 * const withSession = session({ secretKey: process.env.SECRET_KEY ?? "" });
 * http.createServer(withSession((req, res) => {
 *   req.session.views = (req.session.views ?? 0) + 1;
 *   res.end();
 * })).listen(3000);
 * ```
 */
export function session<Data = SessionData>(
  given: LazySessions<Data>,
  settings: NodeSessionSettings = {},
): NodeSessions<Data> {
  const sessions = lazySessions(given);
  const { onError = (error, _req, res) => warnAndAnswer(error, res) } = settings;

  function attach(req: NodeRequest, res: NodeResponse): boolean | Promise<boolean> {
    const held = new NodeSession(sessions(), req, res, (error) => onError(error, req, res));
    exposeSession(req, held);
    return when(held.begin(), (reply) => {
      if (reply !== undefined) sendReply(res, reply);
      return reply === undefined;
    });
  }

  const wrap =
    (handler: (req: never, res: NodeResponse) => unknown) =>
    (req: NodeRequest, res: NodeResponse) => {
      try {
        sessions();
      } catch (error) {
        // Node does not catch errors of a server's listeners: a throw here would end the process.
        onError(error, req, res);
        return undefined;
      }
      const goesOn = attach(req, res);
      const request = req as never;
      if (goesOn === true) return handler(request, res);
      if (goesOn === false) return undefined;
      return goesOn.then(
        (passes) => (passes ? handler(request, res) : undefined),
        (error: unknown) => onError(error, req, res),
      );
    };
  return Object.assign(wrap, { attach }) as NodeSessions<Data>;
}

export type { NodeRequest, NodeResponse };
export { overHttp2, type ConnectListener, type UpgradeListener } from "./kit/http2.ts";
