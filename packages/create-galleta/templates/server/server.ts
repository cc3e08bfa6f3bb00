import type { AddressInfo } from "node:net";
import { serve } from "./app.ts";

const server = await serve(Number(process.env.PORT ?? 3000));
console.log(`Listening on http://localhost:${(server.address() as AddressInfo).port}`);
