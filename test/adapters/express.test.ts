import express from "express";
import express4 from "express4";
import expressSession from "@galleta/session/express-session";
import { conformance } from "./conformance.ts";
import { expressHarness } from "./harnesses/express.ts";

conformance(expressHarness("express 5", express));
conformance(expressHarness("express 4", express4));
conformance(expressHarness("express-session", express, expressSession));
