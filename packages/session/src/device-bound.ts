export { deviceBound } from "./device/option.ts";
export type { DeviceAlgorithm } from "./device/jwk.ts";
export type { DeviceBoundSettings } from "./device/settings.ts";
