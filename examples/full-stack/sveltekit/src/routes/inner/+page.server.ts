import type { PageServerLoad } from "./$types";

/** Inner requests share the session of the page that makes them. */
export const load: PageServerLoad = async ({ fetch, locals }) => {
  locals.session.user = "outer";
  await fetch("/api/count", { method: "POST" });
  const seen = locals.session.counts?.clicks;
  await fetch("/api/count", { method: "POST" });
  const told = (await (await fetch("/api/count")).json()) as { user: string; clicks: number };
  return { seen, told };
};
