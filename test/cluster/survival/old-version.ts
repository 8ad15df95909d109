import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ManagedProcess } from '../../rig/process.ts';

const ROOT = join(import.meta.dirname, '../../..');
const BUILD_TIMEOUT_MS = 600_000;

/** The programs of an older commit. */
export type OldVersion = { readonly commit: string; binOf(program: 'agent' | 'gateway'): string };

/** The newest commit before the tables of the store last changed; undefined without the history. */
export function commitBeforeLastMigration(): string | undefined {
  const git = (...words: readonly string[]) =>
    execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const last = git('log', '-1', '--format=%H', '--diff-filter=A', '--', 'store/src/migrations/');
    return last === '' ? undefined : git('rev-parse', '--verify', `${last}^`);
  } catch {
    return undefined;
  }
}

/** Builds a commit as a release is built, with the dependencies of this tree. Throws with the output of a step that fails. */
export async function buildOldVersion(commit: string, directory: string): Promise<OldVersion> {
  mkdirSync(directory, { recursive: true });
  const archive = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 1024 * 1024 * 1024 });
  execFileSync('tar', ['-x', '-C', directory], { input: archive });
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, '@penstock'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@penstock') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  const isPackage = (name: string) => readdirSync(join(directory, name)).includes('package.json');
  const folders = readdirSync(directory, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && entry.name !== 'node_modules' && isPackage(entry.name),
  );
  for (const { name } of folders) symlinkSync(join('../..', name), join(modules, '@penstock', name));
  await using build = await ManagedProcess.start({ args: ['scripts/build.ts'], cwd: directory });
  const { code } = await build.exit(BUILD_TIMEOUT_MS);
  if (code !== 0) throw new Error(`${commit} could not be built:\n${build.output}`);
  const dist = join(directory, 'dist');
  mkdirSync(join(dist, 'node_modules/@penstock'), { recursive: true });
  for (const { name } of folders)
    if (readdirSync(dist).includes(name))
      symlinkSync(join('../..', name), join(dist, 'node_modules/@penstock', name));
  return { commit, binOf: (program) => join(dist, program, 'bin', `penstock-${program}.js`) };
}
