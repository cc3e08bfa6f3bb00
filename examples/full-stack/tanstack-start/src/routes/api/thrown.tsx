import { createFileRoute, redirect } from "@tanstack/react-router";
import { getSession } from "../../session.server";

export const Route = createFileRoute("/api/thrown")({
  server: {
    handlers: {
      POST: () => {
        getSession().user = "thrown";
        throw redirect({ to: "/", statusCode: 303 });
      },
    },
  },
});
