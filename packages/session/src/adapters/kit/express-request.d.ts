// A script, and no module, so that TypeScript merges it before the `declare global` of modules. With
// @types/express-session in the program too, `req.session` then keeps the type that it has here.
declare namespace Express {
  /**
   * The members of a request's session besides its data; see `@galleta/session/express-session`.
   */
  // oxlint-disable-next-line typescript/no-empty-object-type -- filled by the module above
  interface RequestSession {}

  interface Request {
    // oxlint-disable-next-line typescript/consistent-type-imports -- an import would make it a module
    get session(): import("../../session/data.ts").SessionOf & RequestSession;
    /** Assigning an object replaces the data; assigning null ends the session. */
    // oxlint-disable-next-line typescript/consistent-type-imports -- as above
    set session(value: import("../../session/data.ts").SessionOf | null);
  }
}
