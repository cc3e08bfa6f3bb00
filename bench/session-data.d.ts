// What the sessions of the other libraries hold here.
import "@fastify/secure-session";

declare module "@fastify/secure-session" {
  interface SessionData {
    n: number;
    user: string;
    views: number;
  }
}
