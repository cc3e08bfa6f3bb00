import { redirect } from "next/navigation";
import { withSession } from "@/lib/session";

export const POST = withSession((session, _request: Request): Response => {
  session.user = "thrown";
  redirect("/");
});
