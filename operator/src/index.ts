export { completionNames } from './completion-names.ts';
export { everyDriver } from './connection/url/every-driver.ts';
export type { IngressEndpoint, Placeholders } from './connection/url/ingress-endpoint.ts';
export { notes as driverNotes } from './connection/url/notes.ts';
export { type Driver, type Recipe, recipeFor } from './connection/url/recipe.ts';
export { operatorCommands } from './operator-commands.ts';
