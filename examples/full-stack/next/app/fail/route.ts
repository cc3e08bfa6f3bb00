import { withSession } from "@/lib/session";

export const GET = withSession((session, _request: Request): Response => {
  session.user = "kept";
  throw new Error("This route fails.");
});
