/** Names of agents, pools, connectors and connections; the tunnel protocol has the same bound. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';

/** Connectors of one agent: with the longest names they still fit one control message. */
export const MAX_CONNECTORS = 500;
