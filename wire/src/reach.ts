type ReachEntry = {
  /** What was found, for people. */
  readonly message: string;
  /** What to do about it. */
  readonly advice: string;
};

/**
 * How far a path to a target leads, starting at the gateway. Each stage is reached only after all stages before it have
 * passed. Connector checks, probes, the doctor and the explanation of a failed connection all report one of these stages.
 */
export const reach = {
  'not-allowed': {
    message: 'No ingress of the connection allows the address of the client.',
    advice:
      'Add the address to allow of an ingress of the connection in gateway.yaml, and reload the gateway.',
  },
  offline: {
    message: 'No agent that could reach the target is connected.',
    advice: "Look at the agents of the connection's pools: each says why it has no session.",
  },
  unavailable: {
    message: 'Agents are connected, but none of them can be used for this connection.',
    advice: 'See for each agent of its pools why it is skipped.',
  },
  denied: {
    message: "The agent's own policy forbids the target.",
    advice: 'Ask the owners of the agent: policy in agent.yaml decides.',
  },
  dns: {
    message: "The agent could not resolve the target's name.",
    advice: "Check the name in agent.yaml, and the name servers and search domains of the agent's host.",
  },
  unreachable: {
    message: 'The agent has no network path to the target.',
    advice: "Check routes and firewalls between the agent's host and the target.",
  },
  refused: {
    message: 'The target refused the connection.',
    advice:
      'Check that the service is running, that this is its port, and that it listens on this address: by default, many listen only on ' +
      'loopback (listen_addresses of PostgreSQL, bind-address of MySQL).',
  },
  silent: {
    message: 'The target did not answer in time.',
    advice:
      'Look for a firewall that drops packets or an overloaded service. If it accepts connections but sends nothing, check kind and ' +
      'address of the connector: another service may be listening on that port.',
  },
  protocol: {
    message: 'The target did not answer in the expected protocol.',
    advice: 'Check kind and address of the connector: another service may be listening on that port.',
  },
  tls: {
    message: 'TLS with the target failed.',
    advice: 'Compare the TLS versions and settings that both ends allow.',
  },
  certificate: {
    message: "The target's certificate is not valid for this name or at this time.",
    advice: "Check the names, validity period and CA of the target's certificate.",
  },
  ready: { message: 'The target answers.', advice: '' },
} as const satisfies Record<string, ReachEntry>;

export type Reach = keyof typeof reach;
/** Every stage, from the first that can fail to `ready`. */
export const reachStages = Object.keys(reach) as readonly Reach[];
