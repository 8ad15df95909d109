export type { Static, TInteger, TObject, TProperties, TSchema, TString } from 'typebox';
export { hasShape } from './shape.ts';
export { Type } from './type.ts';
export { whenUsed } from './when-used.ts';
