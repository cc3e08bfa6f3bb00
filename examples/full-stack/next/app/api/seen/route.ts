import { withSession } from "@/lib/session";

/** The proxy changed the session of this request before. */
export const POST = withSession((session, _request: Request) => {
  session.counts = { clicks: 1 };
  return Response.json({ user: session.user });
});
