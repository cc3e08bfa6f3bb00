export { inspectCommand } from "./commands/inspect-command.ts";
export { mintCommand } from "./commands/mint-command.ts";
