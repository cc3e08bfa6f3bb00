const DOCS = "https://galleta.js.org/start-a-project";

/** The reason why no project was made. */
export type CreateErrorCode =
  | "ERR_CREATE_FOLDER"
  | "ERR_CREATE_NAME"
  | "ERR_CREATE_OPTION"
  | "ERR_CREATE_TEMPLATE"
  | "ERR_CREATE_INSTALL";

/** An error that the user at the terminal can correct. */
export class CreateError extends Error {
  readonly code: CreateErrorCode;

  constructor(code: CreateErrorCode, message: string, options: ErrorOptions = {}) {
    const anchor = code.toLowerCase();
    super(`${message} See ${DOCS}#${anchor}`, options);
    this.name = "CreateError";
    this.code = code;
  }
}
