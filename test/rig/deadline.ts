/** Milliseconds that tests wait for what takes moments on an idle machine. A failure is late by that much; nothing else is. */
export const PATIENCE_MS = 20_000;

/**
 * Settles like `promise`, or rejects with a message that names `what` after `within` milliseconds. The promise itself
 * continues: the caller must end what it waits for.
 */
export async function deadline<Value>(
  what: string,
  promise: Promise<Value>,
  within = PATIENCE_MS,
): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`Waited ${within} ms for ${what}.`)), within);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
