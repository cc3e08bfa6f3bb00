import { randomBytes } from "node:crypto";
import { defineCommand } from "./command.ts";
import { CliError } from "./failure.ts";
import { wholeNumber } from "./number.ts";

const LEAST = 32;
const MOST = 1024;

/** The command `galleta secret`. */
export const command = defineCommand({
  name: "secret",
  summary: "Print a strong key for SECRET_KEY.",
  options: {
    bytes: {
      type: "string",
      value: "count",
      help: `Random bytes in the key, ${LEAST} to ${MOST} (default ${LEAST})`,
    },
  },
  notes: ['Put it where the app reads it: echo "SECRET_KEY=$(npx galleta secret)" >> .env'],
  async run({ values }, io) {
    const bytes = wholeNumber(values.bytes ?? String(LEAST), LEAST, MOST);
    // Fewer bytes would not be a strong key.
    if (bytes === undefined) throw new CliError(`--bytes must be from ${LEAST} to ${MOST}.`);
    io.out(`${randomBytes(bytes).toString("base64url")}\n`);
    return 0;
  },
});
