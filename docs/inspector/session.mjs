// Of `@galleta/session`, what the inspector needs: the page carries no server.
export { SessionError } from "../../packages/session/src/errors.ts";
export { Secret } from "../../packages/session/src/secret.ts";
