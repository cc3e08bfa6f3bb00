import type {} from "@galleta/session";
import { session } from "@galleta/session/astro";

declare module "@galleta/session" {
  interface SessionData {
    user: string;
    todos: string[];
    counts: { clicks: number };
  }
}

export const onRequest = session(() => ({ secretKey: process.env.SECRET_KEY ?? "" }));
