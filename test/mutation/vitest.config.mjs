import { defineConfig } from "vitest/config";
import workspace from "../../vitest.config.ts";
import { FOLDERS, folder } from "./folders.mjs";

const [unit] = workspace.test.projects;

export default defineConfig({
  ...unit,
  test: {
    ...unit.test,
    include: [`packages/session/src/${folder}/**/*.test.ts`, ...FOLDERS[folder]],
  },
});
