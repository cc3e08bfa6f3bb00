export { proxy } from "@/lib/session";
