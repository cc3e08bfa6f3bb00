import { getSession } from "../session.server";
import type { Route } from "./+types/fail";

export function loader({ context }: Route.LoaderArgs) {
  getSession(context).user = "kept";
  throw new Error("This page fails.");
}

export default function Fail() {
  return null;
}
