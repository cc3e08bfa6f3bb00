export default defineEventHandler((event) => {
  const counts = (event.context.session.counts ??= { clicks: 0 });
  counts.clicks += 1;
  return sendRedirect(event, "/", 303);
});
