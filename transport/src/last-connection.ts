const kept: { last: object | undefined } = { last: undefined };

/**
 * Keeps the objects of a connection that has ended until the next one ends. V8 compiles code for the shapes of objects, and drops it in a
 * collection that finds no object of such a shape: after a pause, connections took a quarter more of the agent's CPU time for seconds
 * (docs/decisions/0031).
 */
export function keepConnection(connection: object): void {
  kept.last = connection;
}

/** Lets the next collection free that connection, and with it compiled code that is not needed for now. */
export function forgetConnection(): void {
  kept.last = undefined;
}
