import { redirect } from "react-router";
import { getSession } from "../session.server";
import type { Route } from "./+types/thrown";

export function action({ context }: Route.ActionArgs) {
  getSession(context).user = "thrown";
  throw redirect("/");
}
