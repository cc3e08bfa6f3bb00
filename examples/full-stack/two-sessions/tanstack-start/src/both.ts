import { redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { getPrefs } from "./prefs.server";
import { getSession } from "./session.server";

export const readBoth = createServerFn().handler(async () => ({
  user: getSession().user,
  theme: getPrefs().theme,
}));

export const changeBoth = createServerFn({ method: "POST" })
  .validator((data: unknown) => data as FormData)
  .handler(async () => {
    getSession().user = "ann";
    getPrefs().theme = "dark";
    throw redirect({ to: "/both", statusCode: 303 });
  });
