import { renew } from "@galleta/session";
import { withSession } from "@/lib/session";

export const POST = withSession(async (session, request: Request) => {
  const form = await request.formData();
  // Check a password or a passkey here. `renew` gives the session another id.
  renew(session);
  session.user = String(form.get("user") ?? "");
  return new Response(null, { status: 303, headers: { location: "/" } });
});
