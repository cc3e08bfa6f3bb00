import { destroy } from "@galleta/session";
import type { APIRoute } from "astro";

export const POST: APIRoute = ({ locals, params }) => {
  destroy(params["which"] === "prefs" ? locals.prefs : locals.session);
  return Response.json({});
};
