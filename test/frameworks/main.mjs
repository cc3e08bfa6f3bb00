// Serves the app of the suite with one framework, once for each set of options, until standard
// input ends. Prints the ports as one line of JSON.
import { makeApp, VARIANTS } from "./app.mjs";

const { default: start } = await import(`./servers/${process.argv[2]}.mjs`);
const ports = {};
for (const variant of Object.keys(VARIANTS)) ports[variant] = await start(makeApp(variant));
console.log(JSON.stringify(ports));
process.stdin.on("end", () => process.exit()).resume();
