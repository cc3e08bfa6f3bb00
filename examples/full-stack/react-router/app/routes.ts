import { index, route, type RouteConfig } from "@react-router/dev/routes";

export default [
  index("routes/home.tsx"),
  route("plain", "routes/plain.tsx"),
  route("fail", "routes/fail.tsx"),
  route("storage", "routes/storage.ts"),
  route("api/count", "routes/count.ts"),
  route("api/thrown", "routes/thrown.ts"),
  route("api/returned", "routes/returned.ts"),
] satisfies RouteConfig;
