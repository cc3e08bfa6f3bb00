import { useEffect, type ReactNode } from "react";
import { Outlet, Scripts } from "react-router";
import { sessionMiddleware } from "./session.server";

export const middleware = [sessionMiddleware];

export function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        {children}
        <Scripts />
      </body>
    </html>
  );
}

export default function Root() {
  useEffect(() => {
    document.documentElement.dataset.ready = "yes";
  }, []);
  return <Outlet />;
}
