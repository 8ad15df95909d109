import type { Advice } from '@penstock/api-schema';
import type { AlertCondition } from '@penstock/config-schema';

type ConditionText = Advice & {
  /** What is wrong while the condition holds. */
  readonly message: string;
};

/**
 * The texts of all alert conditions. In commands, `…` stands for the name in the alert's subject, and CONNECTOR for the
 * connector. docs/alerts.md has a row for each, and the Prometheus rules use the same ones.
 */
export const alertConditionTexts = {
  'agent-stale': {
    message: 'The gateway has received no heartbeat from an agent for longer than health.staleAfter.',
    advice:
      'If it does not come back by itself, run penstock-agent doctor on its host. If it is permanently gone, revoke it.',
    command: 'penstock-gateway agent show …',
  },
  'pool-below-min-ready': {
    message: 'Fewer agents in a pool accept new connections than its minReady requires.',
    advice: 'Check the agents of this pool that are not connected.',
    command: 'penstock-gateway agent list --pool …',
  },
  'queue-near-limit': {
    message: "Clients waiting for an agent fill 80% or more of a pool's queue.",
    advice: 'Either no agent of this pool is ready, or all are at their limit. Repair or add agents.',
    command: 'penstock-gateway agent list --pool …',
  },
  'clock-skew': {
    message: "An agent's clock differs from the gateway's by more than health.maxClockSkew.",
    advice: "Synchronize the clocks of both hosts with NTP. The agent's facts have the difference.",
    command: 'penstock-gateway agent show …',
  },
  'identity-expiring': {
    message: 'The certificate of an agent has expired, or expires soon and should have been renewed.',
    advice:
      "Look for identity-renewal-failed in the agent's log. If the certificate has expired, enroll the agent again.",
    command: 'penstock-gateway agent logs …',
  },
  'gateway-certificate-expiring': {
    message: 'The certificate of the tunnel port expires within health.certificateExpiryWarning.',
    advice:
      'Replace tunnelTls in gateway.yaml with a certificate whose key the agents pin, and reload the gateway.',
  },
  'config-drift': {
    message: 'An agent runs a configuration other than the pinned one.',
    advice: 'Deploy the pinned version to the host, or pin the version that the agent runs.',
    command: 'penstock-gateway agent diff …',
  },
  'identity-cloned': {
    message: 'Two processes use the identity of one agent at the same time.',
    advice: 'See where both connect from, and stop the copy. If nobody made a copy, revoke the agent.',
    command: 'penstock-gateway agent show …',
  },
  'connector-failing': {
    message: 'The health check of a connector cannot reach its target.',
    advice: 'Check the connector again, and see which hop fails.',
    command: 'penstock-gateway agent check … CONNECTOR',
  },
  'connection-failing': {
    message: 'Opens of a connection keep failing: clients cannot reach its target.',
    advice: 'See which stage fails, and for which clients.',
    command: 'penstock-gateway connection explain …',
  },
  'software-outdated': {
    message: 'An agent runs older software than the gateway.',
    advice: 'Upgrade the agent.',
    command: 'penstock-gateway agent list',
  },
  'rollout-halted': {
    message:
      'Too many agents of a rollout have failed: it was halted, and goes back unless it was told to wait.',
    advice: 'See which agents failed, and why.',
    command: 'penstock-gateway rollout show …',
  },
  'restart-exhausted': {
    message: 'An agent still has the condition of its restart policy after as many restarts as are allowed.',
    advice: 'Restarting it does not help. Look at its conditions and its log.',
    command: 'penstock-gateway agent logs …',
  },
} as const satisfies Record<AlertCondition, ConditionText>;
