import { createFileRoute } from "@tanstack/react-router";
import { getSession } from "../session.server";

export const Route = createFileRoute("/fail")({
  server: {
    handlers: {
      GET: () => {
        getSession().user = "kept";
        throw new Error("This route fails.");
      },
    },
  },
});
