import type { APIRoute } from "astro";

export const GET: APIRoute = ({ locals }) =>
  Response.json({ user: locals.session.user ?? null, theme: locals.prefs.theme ?? null });

export const POST: APIRoute = ({ locals }) => {
  locals.session.user = "ann";
  locals.prefs.theme = "dark";
  return Response.json({ user: "ann", theme: "dark" });
};
