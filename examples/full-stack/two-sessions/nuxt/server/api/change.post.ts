export default defineEventHandler((event) => {
  event.context.session.user = "ann";
  event.context.prefs.theme = "dark";
  return sendRedirect(event, "/both", 303);
});
