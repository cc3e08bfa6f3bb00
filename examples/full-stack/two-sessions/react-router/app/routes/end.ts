import { destroy } from "@galleta/session";
import { getPrefs } from "../prefs.server";
import { getSession } from "../session.server";
import type { Route } from "./+types/end";

export function action({ context, params }: Route.ActionArgs) {
  destroy(params.which === "prefs" ? getPrefs(context) : getSession(context));
  return Response.json({});
}
