declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
}

/** Pages and sockets use the same function, and so share the sessions. */
export const sessions = () => ({ secretKey: process.env.SECRET_KEY ?? "" });
