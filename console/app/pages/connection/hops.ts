/** The hops from a client to its target, as the explanation of a connection finds them. */
export type Hop = {
  readonly key: 'client' | 'gateway' | 'agent' | 'target';
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'unknown' | 'not-reached';
  readonly text: string;
};

/** The hop at which each stage stops. */
const stoppedAt: Readonly<Record<string, Hop['key']>> = {
  'not-allowed': 'gateway',
  offline: 'agent',
  unavailable: 'agent',
  denied: 'agent',
  dns: 'target',
  unreachable: 'target',
  refused: 'target',
  silent: 'target',
  protocol: 'target',
  tls: 'target',
  certificate: 'target',
};

const order = ['client', 'gateway', 'agent', 'target'] as const;

/** Which hops work, from the stage that was reached; undefined when it is not known whether the target answers. */
export function hopsOf(
  reach: string | undefined,
  names: { readonly ingress: string; readonly agents: string; readonly target: string },
): Hop[] {
  const failed = reach === undefined ? undefined : stoppedAt[reach];
  const at = failed === undefined ? order.length : order.indexOf(failed);
  const outcomeOf = (index: number): Hop['outcome'] => {
    if (reach === undefined && index === order.length - 1) return 'unknown';
    if (index < at) return 'passed';
    return index === at ? 'failed' : 'not-reached';
  };
  const texts = {
    client: 'asks for the connection',
    gateway: names.ingress,
    agent: names.agents,
    target: names.target,
  };
  const titles = { client: 'Client', gateway: 'Gateway', agent: 'Agent', target: 'Target' };
  return order.map((key, index) => ({
    key,
    title: titles[key],
    outcome: outcomeOf(index),
    text: texts[key],
  }));
}
