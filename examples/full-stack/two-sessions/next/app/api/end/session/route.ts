import { destroy } from "@galleta/session";
import { withSession } from "@/lib/session";

export const POST = withSession((session, _request: Request) => {
  destroy(session);
  return Response.json({});
});
