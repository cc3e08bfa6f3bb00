import { conformance } from "./conformance.ts";
import { fetchHarness } from "./harnesses/fetch.ts";

conformance(fetchHarness);
