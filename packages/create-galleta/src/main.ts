import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { CreateError } from "./errors.ts";
import { install, packageManager } from "./install.ts";
import { plan, TEMPLATES, write } from "./project.ts";

const HELP = `Usage: npm create galleta [folder] -- [options]

Starts a project with a login, a logout and tests.

  -t, --template <name>  ${Object.keys(TEMPLATES).join(", ")} (default galleta)
      --no-install       Do not install the dependencies
  -y, --yes              Ask nothing: take the defaults
  -h, --help             Show this
`;

/**
 * The program: makes a project and installs its dependencies.
 *
 * @returns the exit code: 0, or 1 after an error, which is one line on standard error
 */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = read(argv);
    if (values.help === true) {
      process.stdout.write(HELP);
      return 0;
    }
    const mayAsk = values.yes !== true && process.stdin.isTTY;
    const [path, template] = mayAsk
      ? await ask(positionals[0], values.template)
      : [positionals[0], values.template ?? "galleta"];
    if (path === undefined) {
      throw new CreateError("ERR_CREATE_FOLDER", "Name a folder: npm create galleta my-app.");
    }
    const project = plan(path, template);
    write(project);
    const manager = packageManager();
    if (values["no-install"] !== true) await install(project.folder, manager);
    process.stdout.write(nextSteps(path, manager, values["no-install"] === true));
    return 0;
  } catch (error) {
    if (!(error instanceof CreateError)) throw error;
    process.stderr.write(`create-galleta: ${error.message}\n`);
    return 1;
  }
}

function read(argv: readonly string[]) {
  try {
    const parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        template: { type: "string", short: "t" },
        "no-install": { type: "boolean" },
        yes: { type: "boolean", short: "y" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (parsed.positionals.length < 2) return parsed;
  } catch (error) {
    const text = `${(error as Error).message.split("\n")[0]}. --help lists the options.`;
    throw new CreateError("ERR_CREATE_OPTION", text, { cause: error });
  }
  throw new CreateError("ERR_CREATE_OPTION", "Name one folder. --help lists the options.");
}

async function ask(path: string | undefined, template: string | undefined) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const folder = path ?? ((await terminal.question("Folder (my-app): ")) || "my-app");
    if (template !== undefined) return [folder, template] as const;
    const names = Object.keys(TEMPLATES);
    const list = Object.entries(TEMPLATES).map(([, text], index) => `  ${index + 1}  ${text}\n`);
    const answer = (await terminal.question(`${list.join("")}Template (1): `)) || "1";
    return [folder, names[Number(answer) - 1] ?? answer] as const;
  } finally {
    terminal.close();
  }
}

function nextSteps(path: string, manager: string, mustInstall: boolean): string {
  const lines = [
    `cd ${path}`,
    ...(mustInstall ? [`${manager} install`] : []),
    `${manager} run dev`,
    `${manager} test`,
  ];
  return `\nThe project is ready. Its key is in .env, which git ignores.\n\n  ${lines.join("\n  ")}\n`;
}
