import { session } from "@galleta/session/sveltekit";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
}

export const handle = session(() => ({ secretKey: process.env.SECRET_KEY ?? "" }));
