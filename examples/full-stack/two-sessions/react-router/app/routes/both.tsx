import { Form } from "react-router";
import { getPrefs } from "../prefs.server";
import { getSession } from "../session.server";
import type { Route } from "./+types/both";

export function loader({ context }: Route.LoaderArgs) {
  return { user: getSession(context).user, theme: getPrefs(context).theme };
}

export function action({ context }: Route.ActionArgs) {
  getSession(context).user = "ann";
  getPrefs(context).theme = "dark";
  return null;
}

export default function Both({ loaderData }: Route.ComponentProps) {
  return (
    <>
      <p id="user">{loaderData.user}</p>
      <p id="theme">{loaderData.theme}</p>
      <Form id="both" method="post">
        <button>Change</button>
      </Form>
    </>
  );
}
