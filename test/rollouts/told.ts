import { eventually } from '../rig/eventually.ts';
import { runCli } from '../rig/run-cli.ts';
import type { AgentFleet } from './agent-fleet.ts';
import type { Shown } from './config-fleet.ts';

type Alert = { readonly condition: string; readonly subject: string; readonly detail: string };
type Items<Item> = { readonly items: readonly Item[] };

const within = 60_000;

/** Where the reason of a halted rollout is missing: of `rollout show`, the alert, its webhook, and the audit trail. */
export async function untold(
  { gateway, notified }: Pick<AgentFleet, 'gateway' | 'notified'>,
  { id, reason = '' }: Shown,
): Promise<readonly string[]> {
  const problems: string[] = [];
  const { stdout, stderr } = await runCli(['rollout', 'show', id], gateway.environment);
  if (!stdout.includes(reason)) problems.push(`rollout show prints: ${stdout}${stderr}`);
  let alerts: readonly Alert[] = [];
  const isIt = ({ condition, subject, detail }: Alert) =>
    condition === 'rollout-halted' && subject === `rollout:${id}` && detail.includes(reason);
  await eventually(
    'the alert',
    async () => {
      ({ items: alerts } = (await gateway.api('GET /alerts')) as unknown as Items<Alert>);
      return alerts.some(isIt);
    },
    { within, every: 250 },
  ).catch(() => problems.push(`The alerts are ${JSON.stringify(alerts)}.`));
  const quoted = JSON.stringify(reason).slice(1, -1);
  const isNotified = () => notified().some((text) => text.includes(id) && text.includes(quoted));
  await eventually('the webhook', isNotified, { within, every: 250 }).catch(() =>
    problems.push(`The webhooks are ${notified().join('\n')}`),
  );
  const { items } = (await gateway.api(`GET /audit?subject=rollout:${id}`)) as unknown as Items<{
    readonly after?: { readonly state?: string; readonly reason?: string };
  }>;
  if (!items.some(({ after }) => after?.state === 'halted' && after.reason === reason))
    problems.push(`The audit trail is ${JSON.stringify(items)}.`);
  return problems;
}
