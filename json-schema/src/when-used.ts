/**
 * Returns a function that gives the result of `compile`, which is called when the result is first needed: compiling a schema
 * takes milliseconds, and most processes never meet most kinds of documents.
 */
export function whenUsed<Compiled>(compile: () => Compiled): () => Compiled {
  let compiled: Compiled | undefined;
  return () => (compiled ??= compile());
}
