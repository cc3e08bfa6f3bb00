import { fullStack } from "./suite.ts";

fullStack({
  name: "tanstack-start",
  title: "TanStack Start",
  build: ["vite/bin/vite.js", "build"],
  start: ["server.js"],
});
