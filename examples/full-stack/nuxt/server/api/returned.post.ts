export default defineEventHandler((event) => {
  event.context.session.user = "returned";
  return sendRedirect(event, "/", 303);
});
