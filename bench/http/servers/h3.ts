import { H3 } from "h3";
import { serve } from "h3/node";
import { PLAIN } from "../views.ts";

const app = new H3().get("/plain", () => PLAIN);
const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
await server.ready();
console.log(`PORT ${new URL(server.url ?? "").port}`);
