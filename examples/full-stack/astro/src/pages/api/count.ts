import type { APIRoute } from "astro";

export const GET: APIRoute = ({ locals }) =>
  Response.json({ user: locals.session.user ?? null, clicks: locals.session.counts?.clicks ?? 0 });

export const POST: APIRoute = ({ locals }) => {
  const counts = (locals.session.counts ??= { clicks: 0 });
  counts.clicks += 1;
  return Response.json({ clicks: counts.clicks });
};
