import { getPrefs } from "../prefs.server";
import { getSession } from "../session.server";
import type { Route } from "./+types/api-both";

export function loader({ context }: Route.LoaderArgs) {
  const { user = null } = getSession(context);
  const { theme = null } = getPrefs(context);
  return Response.json({ user, theme });
}

export function action({ context }: Route.ActionArgs) {
  getSession(context).user = "ann";
  getPrefs(context).theme = "dark";
  return Response.json({ user: "ann", theme: "dark" });
}
