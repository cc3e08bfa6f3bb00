import type { APIRoute } from "astro";

// Astro has no redirect to throw, but the session's middleware sends a thrown Response.
export const POST: APIRoute = ({ locals, redirect }) => {
  locals.session.user = "thrown";
  throw redirect("/", 303);
};
