import { createFileRoute } from "@tanstack/react-router";
import { getSession } from "../../session.server";

export const Route = createFileRoute("/api/count")({
  server: {
    handlers: {
      GET: () => {
        const { user = null, counts } = getSession();
        return Response.json({ user, clicks: counts?.clicks ?? 0 });
      },
      POST: () => {
        const session = getSession();
        const counts = (session.counts ??= { clicks: 0 });
        counts.clicks += 1;
        return Response.json({ clicks: counts.clicks });
      },
    },
  },
});
