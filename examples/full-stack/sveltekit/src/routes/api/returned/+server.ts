import type { RequestHandler } from "./$types";

export const POST: RequestHandler = ({ locals, url }) => {
  locals.session.user = "returned";
  return Response.redirect(new URL("/", url), 303);
};
