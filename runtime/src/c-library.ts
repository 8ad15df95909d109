import type { FunctionDefinitions } from 'node:ffi';

/**
 * Functions of the C library of this process, by their names and types; undefined where Node cannot call them, or one is missing, as
 * musl lacks some of those of glibc. Whoever calls them must be able to do without.
 */
export function cFunctions<Functions>(definitions: FunctionDefinitions): Functions | undefined {
  const emitWarning = process.emitWarning;
  try {
    // Node warns on standard error that the module is experimental, in the log of every service that starts.
    process.emitWarning = () => {};
    const ffi = process.getBuiltinModule('node:ffi');
    return ffi.dlopen(null, definitions).functions as unknown as Functions;
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}
