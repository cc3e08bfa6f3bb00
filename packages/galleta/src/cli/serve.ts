import { defineCommand } from "./command.ts";
import { CliError } from "./failure.ts";
import { isWatched } from "./ipc.ts";
import { wholeNumber } from "./number.ts";
import { type ServeFlags, withPortOf } from "./plan.ts";
import type { Announce } from "./run-server.ts";
import { listenToSignals } from "./stop.ts";

const MOST_WORKERS = 256;
const MOST_GRACE = 3600;
/** How many milliseconds after a stop signal the command prints that it still finishes requests. */
const SAY_AFTER_MILLISECONDS = 500;

const STOPPING = "Finishing the requests that are running. A second signal stops immediately.\n";

/** The command `galleta serve`. */
export const command = defineCommand({
  name: "serve",
  summary: "Serve an app.",
  positional: "<file>[:export]",
  options: {
    host: {
      type: "string",
      value: "address",
      help: "Address to listen on (default: $HOST, else 127.0.0.1)",
    },
    port: {
      type: "string",
      value: "number",
      help: "Port to listen on, 0 for any free one (default: $PORT, else 8000)",
    },
    workers: {
      type: "string",
      value: "count",
      help: "Serve in several processes; a worker that dies is replaced",
    },
    watch: { type: "boolean", help: "Restart when a file of the app changes" },
    "env-file": {
      type: "string",
      value: "file",
      multiple: true,
      help: "Read variables from this file, unless the environment has them; may be repeated",
    },
    "tls-cert": { type: "string", value: "file", help: "Certificate (PEM), for HTTPS" },
    "tls-key": { type: "string", value: "file", help: "Private key of the certificate (PEM)" },
    grace: {
      type: "string",
      value: "seconds",
      help: "Seconds that requests may still take after a stop (default 10)",
    },
  },
  notes: [
    "The app is the export named after the colon, or else the default export, or else the export",
    "called app. SIGINT or SIGTERM stops it cleanly, a second signal immediately. SIGHUP reloads it.",
    "",
    "Example: SECRET_KEY=$(npx galleta secret) npx galleta serve src/app.ts --watch",
  ],
  async run({ values, positionals: [target] }, io) {
    if (target === undefined) {
      throw new CliError("Name the file of the app, as in: galleta serve src/app.ts");
    }
    const workers = number(values.workers, "--workers", 1, MOST_WORKERS);
    if (workers !== undefined && values.watch) {
      throw new CliError("Use either --watch or --workers, not both.");
    }
    const flags: ServeFlags = {
      target,
      host: values.host,
      port: values.port,
      envFiles: values["env-file"] ?? [],
      tlsCert: values["tls-cert"],
      tlsKey: values["tls-key"],
      grace: number(values.grace, "--grace", 0, MOST_GRACE) ?? 10,
    };
    const wishes = listenToSignals((code) => process.exit(code));
    const { stop } = wishes;
    void stop.then(() => setTimeout(() => io.err(STOPPING), SAY_AFTER_MILLISECONDS).unref());
    const announce: Announce = (url, inspector) => {
      io.out(`Listening on ${url}${workers === undefined ? "" : ` (workers: ${workers})`}\n`);
      if (inspector !== undefined) io.out(`Session inspector: ${inspector}\n`);
    };
    if (values.watch) {
      return (await import("./watch.ts")).runWatching(flags, wishes);
    } else if (isWatched()) {
      const { runWatched } = await import("./watch.ts");
      await runWatched(flags, stop, announce, io);
    } else if (workers !== undefined) {
      await (await import("./cluster.ts")).runCluster(flags, workers, wishes, announce, io);
    } else {
      let again = flags;
      const listening: Announce = (url, inspector) => {
        again = withPortOf(flags, url);
        announce(url, inspector);
      };
      const { runServer } = await import("./run-server.ts");
      const reload = wishes.reload();
      const isReload =
        (await runServer(flags, Promise.race([stop, reload]), listening, io)) === "reload";
      if (!isReload) return 0;
      // A process cannot replace its running code, so from here on a worker process serves.
      io.err("Reloading: a new process serves from now on.\n");
      await (await import("./cluster.ts")).runCluster(again, 1, wishes, announce, io);
    }
    return 0;
  },
});

function number(
  text: string | undefined,
  option: string,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = wholeNumber(text, least, most);
  if (value === undefined) {
    throw new CliError(`${option} must be a whole number from ${least} to ${most}.`);
  }
  return value;
}
