// Runs the checks on this runtime and prints the outcomes as one line of JSON.
import { frameworkChecks } from "./framework.mjs";
import { servedChecks } from "./served.mjs";
import { checks, runChecks } from "./suite.mjs";

console.log(JSON.stringify(await runChecks({ ...checks, ...servedChecks, ...frameworkChecks })));
process.exit();
