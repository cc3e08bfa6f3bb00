import { createFileRoute } from "@tanstack/react-router";
import { getPrefs } from "../../prefs.server";
import { getSession } from "../../session.server";

export const Route = createFileRoute("/api/both")({
  server: {
    handlers: {
      GET: () => {
        const { user = null } = getSession();
        const { theme = null } = getPrefs();
        return Response.json({ user, theme });
      },
      POST: () => {
        getSession().user = "ann";
        getPrefs().theme = "dark";
        return Response.json({ user: "ann", theme: "dark" });
      },
    },
  },
});
