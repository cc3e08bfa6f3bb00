import { fullStack } from "./suite.ts";

fullStack({
  name: "tanstack-start",
  title: "TanStack Start",
  build: ["vite/bin/vite.js", "build"],
  dev: {
    start: ["node_modules/vite/bin/vite.js", "dev", "--port", "$PORT"],
    file: "src/session.server.ts",
  },
  types: [["typescript/bin/tsc", "--noEmit", "-p", "."]],
  start: ["server.js"],
});
