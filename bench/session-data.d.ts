// Declares the data of the other libraries' sessions.
import "@fastify/secure-session";

declare module "@fastify/secure-session" {
  interface SessionData {
    n: number;
    user: string;
    views: number;
  }
}
