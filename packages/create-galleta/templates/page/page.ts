const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string) => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

/** Renders a visitor's page: a form to log in, or a greeting and a button to log out. */
export function page(user: string | undefined, notice: unknown): string {
  const form =
    user === undefined
      ? `<form action="/login" method="post">
      <label>Name <input name="user" required autofocus></label> <button>Log in</button>
    </form>`
      : `<p>You are logged in as <strong>${escape(user)}</strong>.</p>
    <form action="/logout" method="post"><button>Log out</button></form>`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <link rel="icon" href="data:,">
    <title>Welcome</title>
  </head>
  <body>
    <h1>Welcome</h1>
    ${notice === undefined ? "" : `<p role="status">${escape(String(notice))}</p>`}
    ${form}
  </body>
</html>
`;
}
