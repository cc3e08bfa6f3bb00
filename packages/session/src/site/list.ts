import { optionError } from "../errors.ts";

/**
 * Checks an option that is a list of texts.
 *
 * @param name the option, for messages
 * @param right what its entries are, for messages
 * @param accepts whether an entry is right
 * @returns the list
 * @throws SessionError ERR_SESSION_OPTION for what is no list, and for an entry that is wrong: its
 * index is named
 */
export function readList(
  option: unknown,
  name: string,
  right: string,
  accepts: (entry: string) => boolean,
): readonly string[] {
  const isList = Array.isArray(option);
  const wrong = isList
    ? option.findIndex((entry) => typeof entry !== "string" || !accepts(entry))
    : 0;
  if (wrong >= 0) {
    throw optionError(
      `${isList ? `${name}[${wrong}]` : name} is invalid. Give a list of ${right}.`,
    );
  }
  return option as string[];
}
