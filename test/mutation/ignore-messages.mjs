import { PluginKind, declareValuePlugin } from "@stryker-mutator/api/plugin";

const isText = ({ node }) =>
  (node.type === "StringLiteral" && !node.value.startsWith("ERR_")) ||
  node.type === "TemplateLiteral";
const isError = ({ node }) =>
  (node.type === "NewExpression" || node.type === "CallExpression") &&
  node.callee.name?.endsWith("Error");

/**
 * Leaves out the message of an error: `new XError(code, message)` and `xError(message)`. Tests check
 * the code and what a message names, not its words. Codes, headers, keys and SQL are mutated.
 */
export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, "messages", {
    shouldIgnore(path) {
      const around = isText(path) && path.findParent((each) => each.isFunction() || isError(each));
      if (around && isError(around)) return "The words of a message are not tested.";
      return undefined;
    },
  }),
];
