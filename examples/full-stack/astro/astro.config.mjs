import node from "@astrojs/node";
import { defineConfig } from "astro/config";

export default defineConfig({
  output: "server",
  adapter: node({ mode: "standalone" }),
  // Astro believes a Host and a proxy for these alone; its own check of forms goes by them.
  security: { allowedDomains: [{ hostname: "localhost" }] },
});
