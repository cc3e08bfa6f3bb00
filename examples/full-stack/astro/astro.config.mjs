import node from "@astrojs/node";
import { defineConfig } from "astro/config";

export default defineConfig({
  output: "server",
  adapter: node({ mode: "standalone" }),
  // Astro trusts the Host and a proxy only for these domains. Its own check of forms uses the
  // result.
  security: { allowedDomains: [{ hostname: "localhost" }] },
});
