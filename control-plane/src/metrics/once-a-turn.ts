/**
 * Reads what is dear once for all who ask in the same turn of the event loop: the metrics are collected in one, and read
 * the fleet for each of them.
 */
export function onceATurn<Value>(read: () => Value): () => Value {
  let kept: { readonly value: Value } | undefined;
  return () => {
    if (kept === undefined) {
      kept = { value: read() };
      setImmediate(() => {
        kept = undefined;
      }).unref();
    }
    return kept.value;
  };
}
