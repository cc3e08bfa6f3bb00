import type { SessionOf } from "@galleta/session";
import { getPrefs, withPrefs } from "@/lib/prefs";
import { getSession, withSession } from "@/lib/session";

export async function GET() {
  const [{ user = null }, { theme = null }] = await Promise.all([getSession(), getPrefs()]);
  return Response.json({ user, theme });
}

export const POST = withSession(
  withPrefs((prefs, session: SessionOf, _request: Request) => {
    session.user = "ann";
    prefs.theme = "dark";
    return Response.json({ user: session.user, theme: prefs.theme });
  }),
);
