import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Commit } from './build-facts.ts';
import { dateOf } from './build-facts.ts';
import { folderOf, type Program } from './bundle.ts';
import type { Platform } from './platforms.ts';
import { run } from './run.ts';
import { exampleFile, unitFile } from './service-files.ts';

/** The newest version whose modules the Go proxy has in full. */
const NFPM = 'github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0';

/** Builds nfpm (nfpm.goreleaser.com), which writes both formats, with the Go of this machine, once for `cache`. */
export async function nfpmProgram(cache: string): Promise<string> {
  const folder = join(cache, NFPM.slice(NFPM.lastIndexOf('/') + 1));
  const program = join(folder, 'nfpm');
  if (!existsSync(program)) {
    await mkdir(folder, { recursive: true });
    await run('go', ['install', NFPM], { env: { GOBIN: folder } }).catch((cause: unknown) => {
      throw new Error(
        'nfpm, which writes .deb and .rpm, could not be built. Install Go 1.24 or newer, or leave these out with --without-system-packages.',
        { cause },
      );
    });
  }
  return program;
}

export type SystemPackageOptions = {
  readonly root: string;
  readonly nfpm: string;
  readonly version: string;
  readonly commit: Commit;
  readonly platform: Platform;
  readonly executable: string;
  readonly licenses: string;
  readonly out: string;
};

export const systemPackageKinds = ['deb', 'rpm'] as const;
export type SystemPackageKind = (typeof systemPackageKinds)[number];

/** Writes a package for the package manager of a Linux, and resolves with the name of its file. */
export async function writeSystemPackage(
  program: Program,
  kind: SystemPackageKind,
  { root, nfpm, version, commit, platform, executable, licenses, out }: SystemPackageOptions,
): Promise<string> {
  const other: Program = program === 'penstock-agent' ? 'penstock-gateway' : 'penstock-agent';
  const name = folderOf(program);
  const date = dateOf(commit);
  const work = await mkdtemp(join(tmpdir(), 'penstock-package-'));
  const file = `${program}-${version}-${platform.name}.${kind}`;
  try {
    const write = async (path: string, content: string) => {
      await writeFile(join(work, path), content);
      return join(work, path);
    };
    const script = async (step: string) => {
      const text = await readFile(join(root, 'packaging', step), 'utf8');
      return write(step, text.replaceAll('@PROGRAM@', program).replaceAll('@VERSION@', version));
    };
    const content = (src: string, dst: string, mode = 0o644) => ({
      src,
      dst,
      file_info: { mode, mtime: date },
    });
    const documents = `/usr/share/doc/${program}`;
    const settings = {
      name: program,
      arch: platform.arch === 'x64' ? 'amd64' : 'arm64',
      platform: 'linux',
      version,
      version_schema: 'semver',
      // In Debian, a revision would make the version of the other package another one.
      ...(kind === 'rpm' && { release: '1' }),
      section: 'net',
      priority: 'optional',
      maintainer: 'Penstock <maintainers@penstock.example>',
      description: description(program),
      vendor: 'Penstock',
      license: 'Apache-2.0',
      mtime: date,
      // Both programs share the pointer to the current version.
      ...(kind === 'deb'
        ? {
            deb: { breaks: [`${other} (<< ${version})`, `${other} (>> ${version})`] },
            depends: ['libc6 (>= 2.28)', 'libstdc++6 (>= 5.2)', 'libatomic1'],
          }
        : {
            conflicts: [`${other} < ${version}`, `${other} > ${version}`],
            depends: ['glibc >= 2.28', 'libstdc++ >= 5.2', 'libatomic'],
          }),
      rpm: { buildhost: 'localhost', compression: 'gzip' },
      contents: [
        content(executable, `/opt/penstock/versions/${version}/${program}`, 0o755),
        {
          src: `/opt/penstock/current/${program}`,
          dst: `/usr/bin/${program}`,
          type: 'symlink',
          file_info: { mtime: date },
        },
        content(await write('unit', unitFile(program)), `/usr/lib/systemd/system/${program}.service`),
        // Not marked as configuration: it is only a copy to start from, so that an upgrade never asks about it.
        content(
          await write('example', await exampleFile(root, program)),
          `/etc/penstock/${name}.yaml.example`,
        ),
        content(join(root, 'LICENSE'), `${documents}/copyright`),
        content(await write('licenses', licenses), `${documents}/THIRD-PARTY-LICENSES.txt`),
      ],
      scripts: {
        postinstall: await script('postinstall.sh'),
        preremove: await script('preremove.sh'),
        postremove: await script('postremove.sh'),
      },
    };
    await writeFile(join(work, 'nfpm.yaml'), JSON.stringify(settings, null, 2));
    await run(
      nfpm,
      ['package', '--config', join(work, 'nfpm.yaml'), '--packager', kind, '--target', join(out, file)],
      { env: { SOURCE_DATE_EPOCH: String(commit.time) } },
    );
    return file;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const description = (program: Program) =>
  program === 'penstock-agent'
    ? 'Connects a Penstock gateway to databases of this network\n It opens outbound connections only, and dials only the targets in /etc/penstock/agent.yaml.'
    : 'Connects clients to databases behind Penstock agents\n Agents in other networks connect to it, and clients connect to it as if it were the database.';
