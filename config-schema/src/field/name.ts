/** Names of agents, pools, connectors, and connections; the tunnel protocol has the same limit. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';

/** Maximum number of connectors of one agent: with names of maximum length, they still fit into one control message. */
export const MAX_CONNECTORS = 500;
