import { createFileRoute } from "@tanstack/react-router";
import { getSession } from "../../session.server";

export const Route = createFileRoute("/api/returned")({
  server: {
    handlers: {
      POST: () => {
        getSession().user = "returned";
        return new Response(null, { status: 303, headers: { location: "/" } });
      },
    },
  },
});
