// The program that runs in every worker of `galleta serve`.
import { leave } from "./exit.ts";
import { details, explain } from "./failure.ts";
import type { ToParent } from "./ipc.ts";
import type { ServeFlags } from "./plan.ts";
import { runServer } from "./run-server.ts";
import { untilParentStops } from "./stop.ts";
import { terminal } from "./terminal.ts";

/**
 * Sends a message to the parent process. Resolves when the message was sent, or if the parent
 * process has ended.
 */
function tell(message: ToParent): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

const flags = JSON.parse(process.argv[2] ?? "") as ServeFlags;
const ready = (url: string) => void tell({ galleta: "ready", url });
let code = 0;
try {
  await runServer(flags, untilParentStops(), ready, terminal);
} catch (error) {
  code = 1;
  terminal.err(details(error));
  await tell({ galleta: "failed", line: explain(error) });
}
await leave(code);
