export default defineEventHandler((event) => {
  event.context.session.user = "thrown";
  setResponseHeader(event, "location", "/");
  throw createError({ statusCode: 303 });
});
