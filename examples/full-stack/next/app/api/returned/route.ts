import { withSession } from "@/lib/session";

// Self-hosted, `request.url` names the host that the server listens on, so a relative Location is
// right.
export const POST = withSession((session, _request: Request) => {
  session.user = "returned";
  return new Response(null, { status: 303, headers: { location: "/" } });
});
