import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ locals }) =>
  Response.json({ user: locals.session.user ?? null, theme: locals.prefs.theme ?? null });

export const POST: RequestHandler = ({ locals }) => {
  locals.session.user = "ann";
  locals.prefs.theme = "dark";
  return Response.json({ user: "ann", theme: "dark" });
};
