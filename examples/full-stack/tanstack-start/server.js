import { serve } from "srvx";
import { staticMiddleware } from "srvx/static";
import app from "./dist/server/server.js";

serve({
  port: Number(process.env.PORT ?? 3000),
  middleware: [staticMiddleware({ dir: "dist/client" })],
  fetch: (request) => app.fetch(request),
});
