import { spawnSync } from 'node:child_process';
import type { BuildFacts } from '@penstock/release';

/** What a release is built from. */
export type Commit = {
  /** 40 hexadecimal digits, followed by `-dirty` if the tree differs from the commit. */
  readonly id: string;
  /** Seconds since 1970, as in SOURCE_DATE_EPOCH (reproducible-builds.org). Everything that has a time gets this one. */
  readonly time: number;
};

/** The commit of a checkout. Throws an Error that says what is wrong with the tree, unless `allowDirty` is set. */
export function commitOf(root: string, { allowDirty }: { readonly allowDirty: boolean }): Commit {
  const changed = git(root, 'status', '--porcelain');
  if (changed !== '' && !allowDirty) {
    throw new Error(
      `The tree differs from its commit:\n${changed}\nCommit the changes, or build something that is not a release with --allow-dirty.`,
    );
  }
  return {
    id: `${git(root, 'rev-parse', 'HEAD')}${changed === '' ? '' : '-dirty'}`,
    time: Number(git(root, 'show', '--no-patch', '--format=%ct', 'HEAD')),
  };
}

export const dateOf = ({ time }: Commit): string =>
  new Date(time * 1_000).toISOString().replace('.000Z', 'Z');

export const factsOf = (commit: Commit, sequence: number, rootKeys: readonly string[]): BuildFacts => ({
  commit: commit.id,
  date: dateOf(commit),
  sequence,
  rootKeys,
});

function git(root: string, ...command: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('git', command, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${command[0]} failed: ${error?.message ?? stderr}`);
  return stdout.trim();
}
