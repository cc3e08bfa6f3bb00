import { createFileRoute } from "@tanstack/react-router";

export const Route = createFileRoute("/plain")({
  component: () => <p>This page does not touch the session.</p>,
});
