type Remedy = { readonly href: string; readonly text: string };

/** The page on which the advice of an alert can be followed; undefined if the page of its subject is all there is. */
export function alertRemedy({
  condition,
  subject,
}: {
  readonly condition: string;
  readonly subject: string;
}): Remedy | undefined {
  const rest = subject.slice(subject.indexOf(':') + 1);
  const name = rest.split('/')[1] ?? rest;
  switch (condition) {
    case 'agent-stale':
    case 'clock-skew':
      return { href: `/agents/${name}`, text: `What is known of ${name}` };
    case 'identity-cloned':
      return { href: `/agents/${name}?tab=sessions`, text: `Sessions of ${name}` };
    case 'config-drift':
      return { href: `/agents/${name}?tab=configuration`, text: `The configuration of ${name}, and its pin` };
    case 'identity-expiring':
    case 'restart-exhausted':
      return { href: `/agents/${name}?tab=logs`, text: `Log of ${name}` };
    case 'connector-failing':
      return { href: `/agents/${name}`, text: `Check the connectors of ${name}` };
    case 'connection-failing':
      return { href: `/connections/${name}`, text: `Which hop of ${name} fails` };
    case 'pool-below-min-ready':
    case 'queue-near-limit':
      return { href: `/fleet?pool=${name}`, text: `Agents of ${name}` };
    case 'software-outdated':
      return { href: '/rollouts', text: 'Rollouts' };
    case 'rollout-halted':
      return { href: `/rollouts/${name}`, text: 'The rollout' };
    default:
      return undefined;
  }
}
