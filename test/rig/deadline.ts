/**
 * Settles like `promise`, or rejects with a message that names `what` after `within` milliseconds. The promise itself
 * continues: the caller must end what it waits for.
 */
export async function deadline<Value>(what: string, promise: Promise<Value>, within = 5000): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`Waited ${within} ms for ${what}.`)), within);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
