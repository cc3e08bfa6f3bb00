// Where the apps of examples/full-stack are installed: outside the repository, so that none of them
// finds a package of ours by accident.
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The example apps, one for each framework. */
export const EXAMPLES = join(root, "examples/full-stack");

/** Their names. */
export const NAMES = readdirSync(EXAMPLES).filter((name) =>
  existsSync(join(EXAMPLES, name, "package.json")),
);

const mark = createHash("sha256").update(root).digest("hex").slice(0, 12);

/** Each app is installed in a folder of its name in this one. */
export const HOME = join(tmpdir(), `galleta-full-stack-${mark}`);
