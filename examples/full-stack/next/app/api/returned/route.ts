import { withSession } from "@/lib/session";

// Without a hosting platform, `request.url` has the host that the server listens on, so use a
// relative Location.
export const POST = withSession((session, _request: Request) => {
  session.user = "returned";
  return new Response(null, { status: 303, headers: { location: "/" } });
});
