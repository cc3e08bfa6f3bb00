/** Inner requests share both sessions of the request that makes them. */
export default defineEventHandler(async (event) => {
  const { session, prefs } = event.context;
  session.user = "outer";
  prefs.theme = "outer";
  const before = await event.$fetch("/api/both");
  await event.$fetch("/api/both", { method: "POST" });
  return [before, { user: session.user, theme: prefs.theme }];
});
