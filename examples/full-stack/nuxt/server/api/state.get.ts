import { flash } from "@galleta/session";

export default defineEventHandler((event) => {
  const { session } = event.context;
  const { user = "nobody", todos = [], counts } = session;
  const notice = String(flash(session, "notice") ?? "");
  return { user, todos: [...todos], clicks: counts?.clicks ?? 0, notice };
});
