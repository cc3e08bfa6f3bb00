#!/usr/bin/env node
import { leave } from "../dist/cli/exit.js";
import { main } from "../dist/cli/main.js";

await leave(await main(process.argv.slice(2)));
