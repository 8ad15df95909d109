import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chooseArtifact, releasePaths, type Sequences, verifiedArtifact } from '@penstock/release';
import { elfArchitecture } from './elf-architecture.ts';
import { fetchedChunks, UpgradeError } from './fetched-file.ts';
import type { UpdaterHost } from './host.ts';
import type { Journal, Upgrade } from './journal.ts';
import { asUpgradeError, upgradeErrorOf, verifyFiles } from './verify-files.ts';
import { addVersion, agentOf, PROGRAM } from './version-folders.ts';

export type StageOptions = {
  readonly host: UpdaterHost;
  readonly rootKeys: readonly string[];
  /** Of the oldest release that this host installs. */
  readonly sequence: number;
  readonly now: number;
  /** Called as soon as the documents are verified. */
  readonly onVerified: (facts: { readonly seen: Sequences; readonly revoked: string[] }) => void;
};

/**
 * Puts the version of an upgrade on this host, verified and tried. Throws UpgradeError. Nothing is left of a version that
 * is refused.
 */
export async function stage(upgrade: Upgrade, journal: Journal, options: StageOptions): Promise<void> {
  const { host } = options;
  if (upgrade.back) {
    requireInstalled(upgrade, journal, host);
    return;
  }
  const { release } = verified(upgrade, journal, options);
  const artifact = asUpgradeError(() => chooseArtifact(release, { program: PROGRAM, ...host.platform }));
  const source = join(upgrade.files ?? '', releasePaths.artifact(upgrade.to, artifact.file));
  try {
    const chunks = verifiedArtifact(artifact, fetchedChunks(source, upgrade.owner));
    await addVersion(host.layout, upgrade.to, artifact.size, chunks, (executable) =>
      tryOut(executable, upgrade.to, host),
    );
  } catch (error) {
    throw upgradeErrorOf(error);
  }
}

/** Verifies the documents of the release once more: it may have been revoked since. Throws UpgradeError. */
export function verified(
  { to, files, owner }: Upgrade,
  { seen }: Journal,
  { rootKeys, sequence, now, onVerified }: Omit<StageOptions, 'host'>,
) {
  if (files === undefined)
    throw new UpgradeError('SOURCE_UNAVAILABLE', 'The request does not say where the files are.');
  const floor = { ...seen, release: Math.max(seen.release, sequence) };
  const result = verifyFiles({ files, owner, version: to, rootKeys, seen: floor, now });
  const { latest, release, sequences } = result;
  onVerified({
    // A release counts as seen once it is committed: until then, the one before must remain possible.
    seen: { ...sequences, release: seen.release },
    revoked: [...new Set([...latest.revoked, ...release.revoked])],
  });
  return result;
}

/** Only the version before the current one is trusted without being verified: it ran here. */
function requireInstalled({ to }: Upgrade, { previous }: Journal, { layout }: UpdaterHost): void {
  if (existsSync(agentOf(layout, to)) && to === previous) return;
  throw new UpgradeError(
    'NOT_INSTALLED',
    previous === undefined
      ? `${to} has not run on this host before.`
      : `${to} is not the version that this host ran before, which is ${previous}.`,
  );
}

const MAX_OUTPUT = 300;

/** Runs a new executable before anything depends on it. Throws UpgradeError. */
function tryOut(executable: string, version: string, host: UpdaterHost): void {
  const architecture = elfArchitecture(executable);
  if (architecture !== undefined && architecture !== host.platform.arch) {
    throw new UpgradeError(
      'WRONG_PLATFORM',
      `The executable is for ${architecture}, and this host is ${host.platform.arch}.`,
    );
  }
  const check = host.trial(executable, ['self-check']);
  const output = check.output.trim().slice(-MAX_OUTPUT);
  if (check.notExecutable) {
    throw new UpgradeError('WRONG_PLATFORM', `The executable cannot run on this host: ${output}`);
  }
  if (!check.ok) throw new UpgradeError('SELF_CHECK_FAILED', `Its self-check failed: ${output}`);
  if (output !== version) throw new UpgradeError('SELF_CHECK_FAILED', `It says that it is ${output}.`);
  for (const { config } of host.services()) {
    const { ok, output: problems } = host.trial(executable, [
      'config',
      'validate',
      '--no-references',
      config,
    ]);
    if (!ok) {
      throw new UpgradeError(
        'CONFIG_REJECTED',
        `It does not accept ${config}: ${problems.trim().slice(0, MAX_OUTPUT)}`,
      );
    }
  }
}
