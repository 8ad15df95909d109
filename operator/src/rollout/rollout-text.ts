import type { RolloutDetail, RolloutResource } from '@penstock/api-schema';
import { printableLine } from '@penstock/terminal';
import { relativeTime } from '../age.ts';

/** What is rolled out: `configuration 14`. */
export const targetText = ({ kind, version }: Pick<RolloutResource, 'kind' | 'version'>): string =>
  kind === 'config' ? `configuration ${version}` : `software ${version}`;

/** The stage of a rollout, with what it waits for. */
export function stageText(rollout: RolloutResource, now = Date.now()): string {
  const { state, phase, group, groups, until, waitsFor, opensAt } = rollout;
  const name = state === 'group' ? `group ${group} of ${groups}` : state;
  if (phase === 'waiting-window') {
    const opens = opensAt === undefined ? '' : ` It goes on ${relativeTime(opensAt, now)}, at ${opensAt}.`;
    return `${name}, waiting: ${waitsFor}${opens}`;
  }
  if (until !== undefined) return `${name}, observed until ${until}`;
  return state === 'draft' ? 'draft, waiting for an approval' : name;
}

/** One line of progress, printable: its reason can be what a host has reported. */
export function progressText({ counts, agents, ...rollout }: RolloutDetail): string {
  const shown = (Object.entries(counts) as [string, number][])
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  const reason = rollout.reason === undefined ? '' : ` ${rollout.reason}`;
  return printableLine(
    `${stageText({ ...rollout })}: ${shown.join(', ') || `${agents.length} agents`}.${reason}`,
  );
}
