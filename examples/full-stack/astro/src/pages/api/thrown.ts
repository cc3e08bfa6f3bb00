import type { APIRoute } from "astro";

// Astro has no redirect that is thrown; the session's middleware sends a Response that is.
export const POST: APIRoute = ({ locals, redirect }) => {
  locals.session.user = "thrown";
  throw redirect("/", 303);
};
