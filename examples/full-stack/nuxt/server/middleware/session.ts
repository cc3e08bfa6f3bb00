import { session } from "@galleta/session/nuxt";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
}

export default session(() => ({ secretKey: process.env.SECRET_KEY ?? "" }));
