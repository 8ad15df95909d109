type Rung = {
  /** What was found, for people. */
  readonly sentence: string;
  /** What to do about it. */
  readonly advice: string;
};

/**
 * How far a way to a target leads, from the gateway on: each rung is reached only when all before it were passed.
 * The checks of connectors, probes, the doctor and the explanation of a failed connection all climb this one ladder.
 */
export const reach = {
  offline: {
    sentence: 'No agent that could reach the target is connected.',
    advice: 'Look at the agents of the pools of this connection: penstock-gateway agent list.',
  },
  denied: {
    sentence: "The agent's own policy forbids the target.",
    advice: 'Ask the owners of the agent; policy in agent.yaml has the last word.',
  },
  dns: {
    sentence: "The target's name could not be resolved at the agent.",
    advice: "Check the name in agent.yaml, and the name servers of the agent's host.",
  },
  unreachable: {
    sentence: 'There is no way from the agent to the target.',
    advice: "Check routes and firewalls between the agent's host and the target.",
  },
  refused: {
    sentence: 'The target refused the connection.',
    advice: 'Check that the service runs and listens on this port for other hosts than its own.',
  },
  silent: {
    sentence: 'The target did not answer in time.',
    advice: 'Look for a firewall that drops packets, and for a service that is overloaded.',
  },
  protocol: {
    sentence: 'The target answered, and not in the protocol that was expected.',
    advice: 'Check kind and address of the connector: another service may listen there.',
  },
  tls: {
    sentence: 'TLS with the target failed.',
    advice: 'Compare the versions of TLS and the settings that both ends allow.',
  },
  certificate: {
    sentence: "The target's certificate is not good for this name, or not at this time.",
    advice: "Check names, validity and CA of the target's certificate.",
  },
  ready: { sentence: 'The target answers.', advice: '' },
} as const satisfies Record<string, Rung>;

export type Reach = keyof typeof reach;
/** From the first that can fail to the last. */
export const rungs = Object.keys(reach) as readonly Reach[];
