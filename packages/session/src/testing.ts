export { storeCases, type OpenStore, type StoreCase } from "./store/store-cases.ts";
