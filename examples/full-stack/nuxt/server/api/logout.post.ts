export default defineEventHandler((event) => {
  event.context.session = null;
  return sendRedirect(event, "/", 303);
});
