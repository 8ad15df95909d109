type Group = {
  readonly code: string;
  readonly state?: string | undefined;
  readonly pool?: string | undefined;
  readonly connector?: string | undefined;
  readonly reach?: string | undefined;
  readonly connections: readonly string[];
};

/** Equal for the same group at another time. */
export const keyOf = ({ code, state, pool, connector, reach, connections }: Group): string =>
  [code, state, pool, connector, reach, pool === undefined ? connections.join(' ') : ''].join('|');

/** Where it is, before the sentence: `dc1, orders-db:`. */
export function placeOf({ pool, connector, code }: Group): string {
  const parts = [pool, connector].filter((part) => part !== undefined);
  if (parts.length > 0) return `${parts.join(', ')}:`;
  return code === 'STORE_UNAVAILABLE' || code === 'GATEWAY_NOT_READY' ? 'This gateway:' : '';
}

/** The page of the fleet with exactly the agents of a group. */
export function agentsOf({ code, pool, connector }: Group): string {
  const query = new URLSearchParams({
    ...(pool !== undefined && { pool }),
    ...(/^[A-Z_]+$/.test(code) && { code }),
    ...(connector !== undefined && { connector }),
  });
  return `/fleet?${query}`;
}
