export { assertApart, type Member } from "./adapters/kit/beside.ts";
export { begin, type Incoming } from "./adapters/kit/begin.ts";
export { exposeSession, heldBy, hold, type Holder } from "./adapters/kit/expose.ts";
export { peekFetchBody } from "./adapters/kit/fetch-body.ts";
export {
  connectionOf,
  factsOf,
  FetchFacts,
  type ConnectionFacts,
  type ServedRequest,
} from "./adapters/kit/fetch-facts.ts";
export { openHeaders, toResponse, withCommit } from "./adapters/kit/fetch-response.ts";
export { FetchSession, type FetchSources } from "./adapters/kit/fetch-session.ts";
export {
  lazySessions,
  toSessions,
  type LazySessions,
  type SessionsOrOptions,
} from "./adapters/kit/given.ts";
export {
  asksForSocket,
  commitHandshake,
  openHandshake,
  exposeSocketSession,
  failureReply,
  recallSession,
  denyHandshake,
  answerUpgrade,
  rememberSession,
  type HandshakeSettings,
  type Verdict,
} from "./adapters/kit/handshake.ts";
export { NodeFacts, type NodeRequest } from "./adapters/kit/node-facts.ts";
export { applyToNode } from "./adapters/kit/node-headers.ts";
export {
  NodeSession,
  prepareReply,
  sendFailure,
  sendReply,
  type NodeResponse,
} from "./adapters/kit/node-session.ts";
export { headersOf, type DeniedReply, type Reply } from "./adapters/kit/reply.ts";
export {
  applyCommit,
  joinCommits,
  privateNoStore,
  varyOnCookie,
  type Commit,
  type CommitHeaders,
} from "./cookie/headers.ts";
export type { SetCookie, SetCookieAttributes } from "./cookie/set-cookie.ts";
export { createCrossSiteCheck, type CrossSiteCheck } from "./csrf/check.ts";
export { denialBody, type CrossSiteRule, type Denial } from "./csrf/denial.ts";
export { Sessions } from "./engine.ts";
export type { BodyReader } from "./csrf/request-token.ts";
export { attachSocket, live } from "./live/live.ts";
export {
  appProtocols,
  escapeMessage,
  negotiate,
  offeredProtocols,
  readFrame,
  type LiveHandle,
  type LiveSocket,
} from "./live/socket.ts";
export type { SessionContext } from "./session/context.ts";
export type { Endpoint } from "./session/ports.ts";
export type { ExchangeAnswer } from "./session/ports.ts";
export { docsOf } from "./errors.ts";
export type { RequestFacts } from "./session/request.ts";
