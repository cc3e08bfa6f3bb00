import { destroy } from "@galleta/session";

export default defineEventHandler((event) => {
  const { session, prefs } = event.context;
  destroy(getRouterParam(event, "which") === "prefs" ? prefs : session);
  return {};
});
