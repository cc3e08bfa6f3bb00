import type { APIRoute } from "astro";

export const POST: APIRoute = ({ locals, redirect }) => {
  locals.session.user = "returned";
  return redirect("/", 303);
};
