import type { RolloutPreview } from '@penstock/api-schema';
import { type Io, table } from '@penstock/terminal';
import { targetText } from './rollout-text.ts';

const MAX_NAMES = 20;

/** Prints which agents would be in which group. */
export function printPreview(io: Io, preview: RolloutPreview): void {
  const { groups, skipped, pools, waitsFor, opensAt } = preview;
  const rows = groups.map(({ group, agents }) => [
    group === 0 ? 'canaries' : `group ${group}`,
    String(agents.length),
    namesText(agents),
  ]);
  const reasons = Map.groupBy(skipped, (each) => each.skipped);
  for (const [reason, agents] of reasons) {
    rows.push([`skipped, ${reason}`, String(agents.length), namesText(agents.map(({ name }) => name))]);
  }
  io.stdout.write(`${targetText(preview)} in ${pools.join(', ')}. Nothing is changed.\n`);
  io.stdout.write(table(['GROUP', 'AGENTS', 'NAMES'], rows, io));
  if (waitsFor !== undefined) {
    io.stdout.write(`${waitsFor}${opensAt === undefined ? '' : ` It would begin at ${opensAt}.`}\n`);
  }
}

function namesText(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? `, and ${names.length - MAX_NAMES} more` : '';
  return names.slice(0, MAX_NAMES).join(', ') + more;
}
