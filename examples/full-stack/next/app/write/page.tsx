import { getSession } from "@/lib/session";

/** A page cannot set a cookie: the write throws. */
export default async function Write() {
  const session: { user?: string } = await getSession();
  let code = "";
  try {
    session.user = "lost";
  } catch (error) {
    code = (error as { code: string }).code;
  }
  return <p id="told">{code}</p>;
}
