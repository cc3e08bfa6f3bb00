import { spawn } from "node:child_process";
import { CreateError } from "./errors.ts";

const MANAGERS = ["npm", "pnpm", "yarn", "bun"];

/** Returns the package manager that runs this program, from `npm_config_user_agent`. */
export function packageManager(agent = process.env["npm_config_user_agent"] ?? ""): string {
  const name = agent.slice(0, Math.max(0, agent.indexOf("/")));
  return MANAGERS.includes(name) ? name : "npm";
}

/**
 * Installs the dependencies of a project.
 *
 * @throws CreateError `ERR_CREATE_INSTALL` if the package manager fails; the project is kept
 */
export function install(folder: string, manager: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown) => {
      const text = `${manager} install ${why}. The project is in ${folder}: install there again.`;
      reject(new CreateError("ERR_CREATE_INSTALL", text, { cause }));
    };
    // On Windows the package managers are scripts, which need a shell.
    const shell = process.platform === "win32";
    const child = spawn(manager, ["install"], { cwd: folder, stdio: "inherit", shell });
    child.once("error", (error) => fail("did not start", error));
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else fail(`ended with ${code}`);
    });
  });
}
