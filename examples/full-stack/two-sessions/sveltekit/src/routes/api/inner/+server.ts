import type { RequestHandler } from "./$types";

/** Inner requests share both sessions of the request that makes them. */
export const GET: RequestHandler = async ({ fetch, locals }) => {
  locals.session.user = "outer";
  locals.prefs.theme = "outer";
  const before = (await (await fetch("/api/both")).json()) as object;
  await fetch("/api/both", { method: "POST" });
  return Response.json([before, { user: locals.session.user, theme: locals.prefs.theme }]);
};
