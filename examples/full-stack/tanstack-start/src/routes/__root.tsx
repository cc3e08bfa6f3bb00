import { createRootRoute, Outlet, Scripts } from "@tanstack/react-router";
import { useEffect } from "react";

export const Route = createRootRoute({ component: Root });

function Root() {
  useEffect(() => {
    document.documentElement.dataset.ready = "yes";
  }, []);
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        <Outlet />
        <Scripts />
      </body>
    </html>
  );
}
