import type { AlertCondition } from '@penstock/config-schema';

type ConditionText = {
  /** What is wrong while the condition holds. */
  readonly message: string;
  /** What to do about it. `…` stands for the name of the agent or connection in the alert's subject. */
  readonly advice: string;
};

/** The texts of all alert conditions. docs/alerts.md has a row for each, and the Prometheus rules use the same ones. */
export const alertConditionTexts = {
  'agent-stale': {
    message: 'The gateway has received no heartbeat from an agent for longer than health.staleAfter.',
    advice:
      'Run penstock-gateway agent show …, then penstock-agent doctor on the host of the agent. If the agent is permanently gone, run penstock-gateway agent revoke ….',
  },
  'pool-below-min-ready': {
    message: 'Fewer agents in a pool accept new connections than its minReady requires.',
    advice: 'Run penstock-gateway agent list and check the agents of this pool that are not connected.',
  },
  'queue-near-limit': {
    message: "Clients waiting for an agent fill 80% or more of a pool's queue.",
    advice:
      'Run penstock-gateway agent list. Either no agent of this pool is ready, or all are at their limit.',
  },
  'clock-skew': {
    message: "An agent's clock differs from the gateway's by more than health.maxClockSkew.",
    advice:
      'Synchronize the clocks of both hosts with NTP. penstock-gateway agent show … prints the difference.',
  },
  'identity-expiring': {
    message: 'The certificate of an agent has expired, or expires soon and should have been renewed.',
    advice:
      'Run penstock-gateway agent logs … and look for identity-renewal-failed. If the certificate has expired, enroll the agent again.',
  },
  'gateway-certificate-expiring': {
    message: 'The certificate of the tunnel port expires within health.certificateExpiryWarning.',
    advice:
      'Replace tunnelTls in gateway.yaml with a certificate whose key the agents pin, and reload the gateway.',
  },
  'config-drift': {
    message: 'An agent runs a configuration other than the pinned one.',
    advice:
      'Run penstock-gateway agent diff …. Deploy the pinned version to the host, or pin the version that the agent runs.',
  },
  'identity-cloned': {
    message: 'Two processes use the identity of one agent at the same time.',
    advice:
      'Run penstock-gateway agent show … to see where both connect from, and stop the copy. If nobody made a copy, run penstock-gateway agent revoke ….',
  },
  'connector-failing': {
    message: 'The health check of a connector cannot reach its target.',
    advice:
      'Run penstock-gateway agent check … with the name of the connector. The output shows which hop fails.',
  },
  'connection-failing': {
    message: 'Opens of a connection keep failing: clients cannot reach its target.',
    advice:
      'Run penstock-gateway connection explain …. It shows the stage that fails, and for which clients.',
  },
  'software-outdated': {
    message: 'An agent runs older software than the gateway.',
    advice: 'Upgrade the agent. penstock-gateway agent list shows the version of each agent.',
  },
  'rollout-halted': {
    message:
      'Too many agents of a rollout have failed: it was halted, and goes back unless it was told to wait.',
    advice: 'Run penstock-gateway rollout show …. It shows which agents failed, and why.',
  },
  'restart-exhausted': {
    message: 'An agent still has the condition of its restart policy after as many restarts as are allowed.',
    advice: 'Run penstock-gateway agent show … and agent logs …. Restarting it does not help.',
  },
} as const satisfies Record<AlertCondition, ConditionText>;
