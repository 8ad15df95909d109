export {
  type BoundIngress,
  type ConnectionString,
  connectionStrings,
  driversFor,
} from './connection-strings.ts';
export { everyDriver } from './every-driver.ts';
export type { IngressEndpoint, Placeholders } from './ingress-endpoint.ts';
export { notes as driverNotes } from './notes.ts';
export { type Driver, type Recipe, recipeFor } from './recipe.ts';
