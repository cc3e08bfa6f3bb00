import { renew } from "@galleta/session";

export default defineEventHandler(async (event) => {
  const { session } = event.context;
  const form = await readBody<{ user: string }>(event);
  renew(session);
  session.user = form.user;
  return sendRedirect(event, "/", 303);
});
