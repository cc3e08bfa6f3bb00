import type { SessionOf } from "@galleta/session";
import { withPrefs } from "@/lib/prefs";
import { withSession } from "@/lib/session";

export const POST = withSession(
  withPrefs((prefs, session: SessionOf, _request: Request): Response => {
    session.user = "kept";
    prefs.theme = "kept";
    throw new Error("This route fails.");
  }),
);
