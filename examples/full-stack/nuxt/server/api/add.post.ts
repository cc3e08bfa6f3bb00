import { flash } from "@galleta/session";

export default defineEventHandler(async (event) => {
  const { session } = event.context;
  const form = await readBody<{ text: string }>(event);
  session.todos = [...(session.todos ?? []), form.text];
  flash(session, "notice", "Added");
  return sendRedirect(event, "/", 303);
});
