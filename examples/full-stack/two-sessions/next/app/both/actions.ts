"use server";

import type { SessionOf } from "@galleta/session";
import { withPrefs } from "@/lib/prefs";
import { withSession } from "@/lib/session";

export const changeBoth = withSession(
  withPrefs(async (prefs, session: SessionOf, _form: FormData) => {
    session.user = "ann";
    prefs.theme = "dark";
  }),
);
