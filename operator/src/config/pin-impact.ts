import type { PinPreview } from '@penstock/api-schema';

const MAX_NAMES = 5;

/** The first names, and how many more there are. */
export function namesText(names: readonly string[], total: number): string {
  const more = total > MAX_NAMES ? `, and ${total - MAX_NAMES} more` : '';
  return names.slice(0, MAX_NAMES).join(', ') + more;
}

/** What a pin would do, in one or two sentences. */
export function impactText(preview: PinPreview): string {
  const { pinning, agents, matching, differing, unknown, quarantinedTotal, quarantined, ready, readyAfter } =
    preview;
  if (agents === 0) return 'The pin applies to no agent yet.';
  const others = unknown === 0 ? '' : `, ${unknown} not known`;
  const counts = `${matching} of ${agents} agents run this version, ${differing} run another${others}.`;
  if (pinning === 'off') return `${counts} Pinning is off in this pool, so drift is only reported.`;
  if (pinning === 'warn') return `${counts} Pinning is set to warn, so drift is only reported.`;
  if (quarantinedTotal === 0) return `${counts} No agent would be quarantined.`;
  return (
    `The pin would quarantine ${quarantinedTotal} of ${agents} agents: ${namesText(quarantined, quarantinedTotal)}. ` +
    `They take no opens until they run the pinned version; ready agents in the pool: ${ready} now, ${readyAfter} after.`
  );
}
