import { getSession } from "../session.server";
import type { Route } from "./+types/count";

export function loader({ context }: Route.LoaderArgs) {
  const { user = null, counts } = getSession(context);
  return Response.json({ user, clicks: counts?.clicks ?? 0 });
}

export function action({ context }: Route.ActionArgs) {
  const session = getSession(context);
  const counts = (session.counts ??= { clicks: 0 });
  counts.clicks += 1;
  return Response.json({ clicks: counts.clicks });
}
