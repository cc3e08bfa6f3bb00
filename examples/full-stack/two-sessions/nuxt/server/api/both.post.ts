export default defineEventHandler(({ context }) => {
  context.session.user = "ann";
  context.prefs.theme = "dark";
  return { user: "ann", theme: "dark" };
});
