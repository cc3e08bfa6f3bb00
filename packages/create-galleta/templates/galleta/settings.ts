import { Config, Secret } from "galleta";

const config = new Config(".env");

export const SESSIONS = { secretKey: config.get("SECRET_KEY", { cast: Secret }) };
