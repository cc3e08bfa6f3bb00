// The part of `@galleta/session` that the inspector needs, so that the page contains no server.
export { SessionError } from "../../packages/session/src/errors.ts";
export { Secret } from "../../packages/session/src/secret.ts";
