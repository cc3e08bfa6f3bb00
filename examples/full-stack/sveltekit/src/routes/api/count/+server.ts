import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ locals }) =>
  Response.json({ user: locals.session.user ?? null, clicks: locals.session.counts?.clicks ?? 0 });

export const POST: RequestHandler = ({ locals }) => {
  const counts = (locals.session.counts ??= { clicks: 0 });
  counts.clicks += 1;
  return Response.json({ clicks: counts.clicks });
};
