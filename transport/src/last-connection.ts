const kept: { last: object | undefined } = { last: undefined };

/**
 * Keeps the objects of a connection that has ended until the next one ends. V8 compiles code for the shapes of objects, and drops it in a
 * collection that finds no object of such a shape: after a pause, connections took a fifth more of the agent's CPU time
 * (docs/decisions/0031). It must not have data that nobody has read.
 */
export function keepConnection(connection: object): void {
  kept.last = connection;
}

/** The connection that is kept. */
export const keptConnection = (): object | undefined => kept.last;

/** Lets the next collection free that connection, and with it compiled code that is not needed for now. */
export function forgetConnection(): void {
  kept.last = undefined;
}
