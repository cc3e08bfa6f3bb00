import { defineConfig } from "vitepress";

/** Anchors as GitHub makes them, so that a link works in the repository and on the site. */
const slugify = (title) =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(/\s+/g, "-");

const pages = (folder, names) => names.map(([text, name]) => ({ text, link: `/${folder}${name}` }));

export default defineConfig({
  title: "Galleta",
  description: "One signed session for HTTP and WebSocket handlers in every framework",
  cleanUrls: true,
  lastUpdated: false,
  // The repository's own pages are linked from here, and are not part of the site.
  ignoreDeadLinks: [/^\.?\/?(\.\.\/)+(?!docs)/, /\/api\//],
  srcExclude: ["node_modules/**"],
  markdown: { anchor: { slugify } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Start", link: "/" },
      { text: "Options", link: "/options" },
      { text: "Errors", link: "/errors" },
      { text: "API", link: "/api/index.html", target: "_self" },
    ],
    sidebar: [
      { text: "Start", link: "/" },
      {
        text: "Your framework",
        items: [
          { text: "Overview", link: "/adapters" },
          ...pages("adapters/", [
            ["Express", "express"],
            ["From express-session", "express-session"],
            ["Fastify", "fastify"],
            ["Hono", "hono"],
            ["Koa", "koa"],
            ["h3", "h3"],
            ["NestJS", "nest"],
            ["node:http", "node"],
            ["Fetch: Bun, Deno, workers", "fetch"],
            ["ws", "ws"],
            ["Socket.IO", "socket.io"],
            ["crossws", "crossws"],
            ["Your own framework", "your-own"],
          ]),
        ],
      },
      {
        text: "Concepts",
        items: pages("", [
          ["Sessions", "sessions"],
          ["Remember me", "remember-me"],
          ["Where am I signed in", "signed-in"],
          ["Live sockets", "live"],
          ["Cross-site requests", "cross-site"],
          ["Device-bound sessions", "device-bound"],
        ]),
      },
      {
        text: "Guides",
        items: pages("", [
          ["Login with someone else", "login"],
          ["Passkeys and step-up", "passkeys"],
          ["Other frameworks' cookies", "formats"],
          ["Behind a proxy", "proxies"],
          ["Beside another session library", "other-sessions"],
          ["Runtimes", "runtimes"],
          ["Inspect a cookie", "inspect"],
          ["Testing", "testing"],
        ]),
      },
      {
        text: "The framework",
        items: pages("", [
          ["Guide", "guide"],
          ["Configuration", "config"],
          ["Command line", "cli"],
        ]),
      },
      {
        text: "Reference",
        items: [
          ...pages("", [
            ["Options", "options"],
            ["Errors", "errors"],
            ["Security", "security"],
            ["Token format", "token"],
            ["Architecture", "architecture"],
          ]),
          { text: "API", link: "/api/index.html", target: "_self" },
        ],
      },
    ],
  },
});
