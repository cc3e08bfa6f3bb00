import { posix } from "node:path";
import { defineConfig } from "vitepress";

/** Makes the same anchors as GitHub, so that a link works in the repository and on the site. */
const slugify = (title) =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(/\s+/g, "-");

/**
 * Every Markdown table has a header. This removes a header of empty cells, and turns a single empty
 * heading into a plain cell, because a screen reader announces each cell with its heading.
 */
function dropEmptyHeadings(md) {
  md.core.ruler.push("empty_headings", ({ tokens }) => {
    const isEmpty = (index) => tokens[index]?.type === "inline" && tokens[index].content === "";
    tokens.forEach((token, index) => {
      if (token.type !== "th_open" || !isEmpty(index + 1)) return;
      token.tag = "td";
      tokens[index + 2].tag = "td";
    });
    for (let at = tokens.length - 1; at >= 0; at -= 1) {
      if (tokens[at].type !== "thead_open") continue;
      const end = tokens.findIndex(({ type }, index) => index > at && type === "thead_close");
      if (!tokens.slice(at, end).some(({ tag }) => tag === "th")) tokens.splice(at, end - at + 1);
    }
  });
}

const REPOSITORY = "https://github.com/galleta/galleta/blob/main/";

/**
 * Rewrites links out of docs/, which point to files of the repository that are not part of the
 * site.
 */
function linkRepository(md) {
  md.core.ruler.push("repository_links", ({ tokens, env }) => {
    for (const link of tokens.flatMap(({ children }) => children ?? [])) {
      const href = link.type === "link_open" ? link.attrGet("href") : null;
      if (href === null || /^[a-z]+:/.test(href)) continue;
      const target = posix.join("docs", posix.dirname(env.relativePath ?? ""), href);
      if (!target.startsWith("docs/")) link.attrSet("href", REPOSITORY + target);
    }
  });
}

const pages = (folder, names) => names.map(([text, name]) => ({ text, link: `/${folder}${name}` }));

export default defineConfig({
  title: "Galleta",
  description: "One signed session for HTTP and WebSocket handlers in every framework",
  cleanUrls: true,
  lastUpdated: false,
  ignoreDeadLinks: [/\/(?:api|inspector)\//],
  srcExclude: ["node_modules/**"],
  markdown: {
    config(md) {
      dropEmptyHeadings(md);
      linkRepository(md);
    },
    // The contrast of the default themes is below 4.5:1 (WCAG 2.2, 1.4.3).
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    anchor: { slugify },
    languageAlias: { haproxy: "nginx", caddy: "nginx" },
  },
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
      { text: "Start a project", link: "/start-a-project" },
      {
        text: "Your framework",
        items: [
          { text: "Overview", link: "/adapters" },
          ...pages("adapters/", [
            ["Express", "express"],
            ["From express-session", "express-session"],
            ["From cookie-session", "cookie-session"],
            ["Fastify", "fastify"],
            ["From @fastify/secure-session", "fastify-secure-session"],
            ["From @fastify/session", "fastify-session"],
            ["Hono", "hono"],
            ["Koa", "koa"],
            ["From koa-session", "koa-session"],
            ["h3", "h3"],
            ["NestJS", "nest"],
            ["node:http", "node"],
            ["Fetch: Bun, Deno, workers", "fetch"],
            ["Full-stack frameworks", "full-stack"],
            ["Next.js", "next"],
            ["SvelteKit", "sveltekit"],
            ["React Router", "react-router"],
            ["Nuxt", "nuxt"],
            ["Astro", "astro"],
            ["TanStack Start", "tanstack-start"],
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
        items: [
          ...pages("", [
            ["Login with someone else", "login"],
            ["Passkeys and step-up", "passkeys"],
            ["Stores", "stores"],
            ["Other frameworks' cookies", "formats"],
            ["Behind a proxy", "proxies"],
            ["Beside another session library", "other-sessions"],
            ["Runtimes", "runtimes"],
            ["Inspect a cookie", "inspect"],
            ["Testing", "testing"],
            ["In production", "production"],
            ["Vite and other dev servers", "dev-servers"],
            ["Moving from another library", "moving"],
          ]),
          { text: "Look into a cookie here", link: "/inspector/index.html", target: "_self" },
        ],
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
            ["Versions and support", "versions"],
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
