declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
}

/** Pages and sockets are given the same function, and so have the same sessions. */
export const sessions = () => ({ secretKey: process.env.SECRET_KEY ?? "" });
