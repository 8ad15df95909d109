let pieces = 0;

/** Counts a piece of data that a connection has read. */
export function countData(): void {
  pieces += 1;
}

/** Pieces of data that all connections of this process have read so far. As long as it does not change, nothing goes through. */
export const dataMoved = (): number => pieces;
