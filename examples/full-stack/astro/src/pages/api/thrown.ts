import type { APIRoute } from "astro";

// Astro cannot throw a redirect. The session's middleware sends a thrown Response.
export const POST: APIRoute = ({ locals, redirect }) => {
  locals.session.user = "thrown";
  throw redirect("/", 303);
};
