export { storeCases, type OpenStore, type StoreCase } from "./testing/store-cases.ts";
