import { createGalletaSessionStorage } from "@galleta/session/react-router";
import type { Route } from "./+types/storage";

// For loaders that were written for createCookieSessionStorage.
const { getSession, commitSession, destroySession } = createGalletaSessionStorage(() => ({
  secretKey: process.env.SECRET_KEY ?? "",
  sessionCookie: "storage",
}));

export async function loader({ request }: Route.LoaderArgs) {
  const session = await getSession(request.headers.get("cookie"));
  const told = {
    user: session.get("user") ?? null,
    notice: session.get("notice" as "user") ?? null,
  };
  return Response.json(told, { headers: { "set-cookie": await commitSession(session) } });
}

export async function action({ request }: Route.ActionArgs) {
  const session = await getSession(request.headers.get("cookie"));
  if (request.method === "DELETE") {
    return Response.json({}, { headers: { "set-cookie": await destroySession(session) } });
  }
  session.set("user", "ann");
  session.flash("notice", "Welcome");
  return Response.json({}, { headers: { "set-cookie": await commitSession(session) } });
}
