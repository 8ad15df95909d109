/** Calls `read` at most once per turn of the event loop, for a value that several callers need in the same turn. */
export function oncePerTurn<Value>(read: () => Value): () => Value {
  let current: { readonly value: Value } | undefined;
  return () => {
    if (current === undefined) {
      current = { value: read() };
      setImmediate(() => {
        current = undefined;
      }).unref();
    }
    return current.value;
  };
}
