import type { NextRequest } from "next/server";
import { getSession, withSession } from "@/lib/session";

export async function GET() {
  const { user = null, counts } = await getSession();
  return Response.json({ user, clicks: counts?.clicks ?? 0 });
}

export const POST = withSession((session, _request: NextRequest) => {
  const counts = (session.counts ??= { clicks: 0 });
  counts.clicks += 1;
  return Response.json({ clicks: counts.clicks });
});
