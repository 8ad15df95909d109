import type { AlertCondition } from '@penstock/config-schema';

type ConditionText = {
  /** What is the case while it holds. */
  readonly sentence: string;
  /** What to do about it; `…` stands for the name in the alert's subject. */
  readonly advice: string;
};

/** What alerts can be about, in words. docs/alerts.md has a row for each, and the rules for Prometheus say the same. */
export const alertConditionTexts = {
  'agent-stale': {
    sentence: 'An agent has shown no sign of life for longer than health.staleAfter.',
    advice:
      'Run penstock-gateway agent show …, then penstock-agent doctor on its host. If it is gone for good: penstock-gateway agent revoke ….',
  },
  'pool-below-minimum': {
    sentence: 'A pool has fewer agents that take new connections than its minReady.',
    advice: 'Run penstock-gateway agent list and look at the agents of this pool that are not connected.',
  },
  'queue-filling': {
    sentence: 'The clients that wait for an agent of a pool take up 80 % of its queue or more.',
    advice: 'Run penstock-gateway agent list: no agent of this pool is ready, or all are full.',
  },
  'clock-skew': {
    sentence: "An agent's clock differs from the gateway's by more than health.skew.",
    advice: 'Set the clocks of both hosts by NTP; penstock-gateway agent show … tells the difference.',
  },
  'identity-expiring': {
    sentence: 'The certificate of an agent ends soon and should have been renewed, or has ended.',
    advice:
      'Run penstock-gateway agent logs … and look for identity-renewal-failed. After its end, enroll the agent again.',
  },
  'gateway-certificate-expiring': {
    sentence: 'The certificate of the tunnel port ends within health.certificateExpiry.',
    advice: 'Replace tls in gateway.yaml, with a key that the agents pin; a reload puts it in force.',
  },
  'config-drift': {
    sentence: "An agent's file is not the pinned one.",
    advice:
      'Run penstock-gateway agent diff …; roll the pinned version out to its host, or pin what it runs.',
  },
  'identity-cloned': {
    sentence: 'Two processes use the identity of one agent at the same time.',
    advice:
      'Run penstock-gateway agent show …: it tells where both connect from. End the copy; if nobody made one, run penstock-gateway agent revoke ….',
  },
  'connector-failing': {
    sentence: 'The check of a connector does not reach its target.',
    advice: 'Run penstock-gateway agent check … with the name of the connector: it tells which hop fails.',
  },
  'version-behind': {
    sentence: 'An agent runs older software than this gateway.',
    advice: 'Upgrade it at the next occasion; penstock-gateway agent list shows who runs what.',
  },
} as const satisfies Record<AlertCondition, ConditionText>;
