import { randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CreateError } from "./errors.ts";

const TEMPLATES_FOLDER = fileURLToPath(new URL("../templates/", import.meta.url));

/** The templates, with the text that the prompt shows for each. */
export const TEMPLATES = {
  galleta: "Galleta, the small framework, with a live socket",
  express: "Express",
  hono: "Hono",
  fastify: "Fastify",
  next: "Next.js",
} as const;

/** The folders of `templates/` that are copied for each template, in this order. */
const PARTS: Readonly<Record<Template, readonly string[]>> = {
  galleta: ["common", "page", "galleta"],
  express: ["common", "page", "server", "express"],
  hono: ["common", "page", "server", "hono"],
  fastify: ["common", "page", "server", "fastify"],
  next: ["common", "next"],
};

/** The name of a template. */
export type Template = keyof typeof TEMPLATES;

/** A project to make. */
export interface Project {
  /** The absolute path of the folder. */
  readonly folder: string;
  /** The name in its package.json, taken from the folder. */
  readonly name: string;
  readonly template: Template;
}

/** A name that npm accepts, without a scope. */
const NAME = /^(?![._])[a-z0-9._-]{1,214}$/;

/**
 * Checks the arguments before any file is written.
 *
 * @throws CreateError `ERR_CREATE_NAME`, `ERR_CREATE_TEMPLATE`, `ERR_CREATE_FOLDER`
 */
export function plan(path: string, template: string): Project {
  const folder = resolve(path);
  const name = basename(folder);
  if (!NAME.test(name)) {
    throw new CreateError(
      "ERR_CREATE_NAME",
      `"${name}" cannot be the name of a package. Use lower-case letters, digits, ".", "_" and "-".`,
    );
  }
  if (!Object.hasOwn(TEMPLATES, template)) {
    const names = Object.keys(TEMPLATES).join(", ");
    throw new CreateError("ERR_CREATE_TEMPLATE", `No template "${template}". Choose ${names}.`);
  }
  requireEmpty(folder, path);
  return { folder, name, template: template as Template };
}

function requireEmpty(folder: string, path: string): void {
  if (!existsSync(folder)) return;
  if (!statSync(folder).isDirectory()) {
    throw new CreateError("ERR_CREATE_FOLDER", `${path} is a file. Choose another folder.`);
  }
  // A folder with only a new Git repository counts as empty.
  const entries = readdirSync(folder).filter((entry) => entry !== ".git");
  if (entries.length > 0) {
    const text = `${path} is not empty (${entries[0]}, ...). Choose another folder.`;
    throw new CreateError("ERR_CREATE_FOLDER", text);
  }
}

/**
 * Writes the project: the template, its package.json, and a key in a file that only its owner can
 * read.
 */
export function write({ folder, name, template }: Project): void {
  mkdirSync(folder, { recursive: true });
  for (const part of PARTS[template]) {
    cpSync(join(TEMPLATES_FOLDER, part), folder, { recursive: true });
  }
  // npm leaves files called .gitignore out of a package.
  renameSync(join(folder, "_gitignore"), join(folder, ".gitignore"));
  const manifest = join(folder, "package.json");
  const content = JSON.parse(readFileSync(manifest, "utf8")) as object;
  writeFileSync(manifest, `${JSON.stringify({ ...content, name }, null, 2)}\n`);
  const key = randomBytes(32).toString("base64url");
  writeFileSync(join(folder, ".env"), `SECRET_KEY=${key}\n`, { mode: 0o600, flag: "wx" });
}
