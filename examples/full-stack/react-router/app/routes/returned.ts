import { redirect } from "react-router";
import { getSession } from "../session.server";
import type { Route } from "./+types/returned";

export function action({ context }: Route.ActionArgs) {
  getSession(context).user = "returned";
  return redirect("/");
}
