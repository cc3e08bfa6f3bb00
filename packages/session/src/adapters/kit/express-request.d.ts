// This file is a script, not a module: TypeScript merges scripts before the `declare global` of
// modules. So `req.session` has this type even if @types/express-session is installed too.
declare namespace Express {
  /** The members that adapters such as `@galleta/session/express-session` add to `req.session`. */
  // oxlint-disable-next-line typescript/no-empty-object-type -- these adapters fill it
  interface RequestSession {}

  interface Request {
    // oxlint-disable-next-line typescript/consistent-type-imports -- an import would make it a module
    get session(): import("../../session/data.ts").SessionOf & RequestSession;
    /** Assigning an object replaces the session's data; assigning null ends the session. */
    // oxlint-disable-next-line typescript/consistent-type-imports -- as above
    set session(value: import("../../session/data.ts").SessionOf | null);
  }
}
