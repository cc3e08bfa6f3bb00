import { withSession } from "@/lib/session";

/** The proxy has already changed the session of this request. */
export const POST = withSession((session, _request: Request) => {
  session.counts = { clicks: 1 };
  return Response.json({ user: session.user });
});
