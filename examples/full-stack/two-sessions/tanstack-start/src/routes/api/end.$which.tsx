import { destroy } from "@galleta/session";
import { createFileRoute } from "@tanstack/react-router";
import { getPrefs } from "../../prefs.server";
import { getSession } from "../../session.server";

export const Route = createFileRoute("/api/end/$which")({
  server: {
    handlers: {
      POST: ({ params }) => {
        destroy(params.which === "prefs" ? getPrefs() : getSession());
        return Response.json({});
      },
    },
  },
});
