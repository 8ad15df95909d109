import type { Pool } from '@penstock/config-schema';
import type { AgentView } from '../fleet/agent-view.ts';

const RELEASE = /^(\d+)\.(\d+)\.(\d+)$/;

/** Whether `version` differs from another one in its third number only, and is newer. A pre-release never does. */
function isPatchOf(version: string, other: string): boolean {
  const [, major, minor, patch] = RELEASE.exec(version) ?? [];
  const [, otherMajor, otherMinor, otherPatch] = RELEASE.exec(other) ?? [];
  if (major === undefined || otherMajor === undefined) return false;
  return major === otherMajor && minor === otherMinor && Number(patch) > Number(otherPatch);
}

/**
 * Whether a pool takes a version without an approval: it takes patch releases so, and this is one for each of its agents whose
 * version is known.
 */
export function needsNoApproval(
  { name, upgrade }: Pick<Pool, 'name' | 'upgrade'>,
  version: string,
  agents: Iterable<Pick<AgentView, 'pool' | 'state' | 'softwareVersion'>>,
): boolean {
  if (upgrade.withoutApproval !== 'patch') return false;
  let isPatch = false;
  for (const { pool, state, softwareVersion } of agents) {
    if (pool !== name || state === 'revoked' || softwareVersion === undefined || softwareVersion === version)
      continue;
    if (!isPatchOf(version, softwareVersion)) return false;
    isPatch = true;
  }
  return isPatch;
}
