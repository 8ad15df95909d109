import assert from 'node:assert/strict';
import { access, copyFile, mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../../scripts/release/run.ts';
import { skipWithout } from '../../rig/optional.ts';
import { fileOf, ROOT, skipIfAbsent, VERSION, workFolder } from './built-release.ts';

const DEBIAN = 'bookworm';
/** A small Debian that is unpacked once. */
const TREE = join(ROOT, 'node_modules/.cache', `penstock-${DEBIAN}`);

const here = { os: 'linux', arch: 'x64' } as const;

test('the .rpm describes itself, and its program runs where it is unpacked', {
  skip: skipIfAbsent({ kind: 'rpm', ...here }) || skipWithout('rpm') || skipWithout('cpio'),
}, async () => {
  for (const program of ['penstock-agent', 'penstock-gateway']) {
    await using folder = await workFolder();
    const file = fileOf({ program, kind: 'rpm', ...here });
    const facts = await run('rpm', [
      '--query',
      '--package',
      '--queryformat',
      '%{NAME} %{VERSION} %{ARCH}',
      file,
    ]);
    assert.equal(facts, `${program} ${VERSION} x86_64`);
    const configuration = await run('rpm', ['--query', '--package', '--configfiles', file]);
    assert.equal(configuration.trim(), '');
    const scripts = await run('rpm', ['--query', '--package', '--scripts', file]);
    for (const part of ['postinstall', 'preuninstall', 'postuninstall'])
      assert.ok(scripts.includes(part), part);
    await run(
      'sh',
      ['-c', 'rpm2cpio "$1" | cpio --extract --make-directories --no-absolute-filenames --quiet', 'sh', file],
      {
        cwd: folder.path,
      },
    );
    const executable = join(folder.path, 'opt/penstock/versions', VERSION, program);
    assert.equal((await run(executable, ['self-check'])).trim(), VERSION);
    const unit = join(folder.path, 'usr/lib/systemd/system', `${program}.service`);
    assert.match(await readFile(unit, 'utf8'), /^DynamicUser=yes$/m);
  }
});

test('the .deb installs, upgrades, respects a newer version of the updater, and is removed', {
  skip:
    skipIfAbsent({ kind: 'deb', ...here }) ||
    skipWithout('debootstrap') ||
    (process.geteuid?.() !== 0 && 'only root can change the root directory'),
}, async () => {
  await using folder = await workFolder();
  await access(join(TREE, 'usr/bin/dpkg')).catch(async () => {
    await mkdir(TREE, { recursive: true });
    await run('debootstrap', ['--variant=minbase', '--include=libatomic1', DEBIAN, TREE]);
  });
  const root = join(folder.path, 'root');
  await run('cp', ['--archive', '--reflink=auto', TREE, root]);
  const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
  const inside = (...command: readonly string[]) =>
    run('unshare', ['--mount', '--pid', '--fork', 'sh', '-c', script, root, ...command]);
  const copyIn = async (program: string) => {
    await copyFile(fileOf({ program, kind: 'deb', ...here }), join(root, 'tmp', `${program}.deb`));
    return `/tmp/${program}.deb`;
  };
  const home = join(root, 'opt/penstock');
  const agent = await copyIn('penstock-agent');

  await inside('dpkg', '--install', agent);
  assert.equal((await inside('penstock-agent', 'self-check')).trim(), VERSION);
  for (const pointer of ['current', 'stable']) {
    assert.equal(await readlink(join(home, pointer)), `versions/${VERSION}`);
  }
  const example = join(root, 'etc/penstock/agent.yaml.example');
  await inside('penstock-agent', 'config', 'validate', '--no-references', '/etc/penstock/agent.yaml.example');
  // An edited example is no reason to ask: it is not a configuration file of dpkg.
  await writeFile(example, 'edited');
  await inside('dpkg', '--install', agent);
  assert.notEqual(await readFile(example, 'utf8'), 'edited');
  const gateway = await copyIn('penstock-gateway');
  await inside('dpkg', '--install', gateway);
  assert.equal((await inside('penstock-gateway', 'self-check')).trim(), VERSION);

  // What an upgrade by the gateway leaves: a newer version that no package knows.
  await mkdir(join(home, 'versions/99.0.0'));
  await symlink(`../${VERSION}/penstock-agent`, join(home, 'versions/99.0.0/penstock-agent'));
  await symlink(`../${VERSION}/penstock-gateway`, join(home, 'versions/99.0.0/penstock-gateway'));
  await rm(join(home, 'current'));
  await symlink('versions/99.0.0', join(home, 'current'));
  await inside('dpkg', '--install', agent);
  assert.equal(await readlink(join(home, 'current')), 'versions/99.0.0');
  // A pointer that leads nowhere, or to an older version, is repaired.
  await rm(join(home, 'versions/99.0.0'), { recursive: true });
  await inside('dpkg', '--install', agent);
  assert.equal(await readlink(join(home, 'current')), `versions/${VERSION}`);
  await mkdir(join(home, 'versions/0.0.1'));
  await symlink(`../${VERSION}/penstock-agent`, join(home, 'versions/0.0.1/penstock-agent'));
  await rm(join(home, 'current'));
  await symlink('versions/0.0.1', join(home, 'current'));
  await inside('dpkg', '--install', agent);
  assert.equal(await readlink(join(home, 'current')), `versions/${VERSION}`);

  await inside('dpkg', '--remove', 'penstock-agent');
  assert.equal((await inside('penstock-gateway', 'self-check')).trim(), VERSION);
  await inside('dpkg', '--purge', 'penstock-agent', 'penstock-gateway');
  await assert.rejects(access(home), { code: 'ENOENT' });
  await assert.rejects(access(join(root, 'usr/bin/penstock-agent')), { code: 'ENOENT' });
});

test('the npm packages install without a registry, and run', async () => {
  await using folder = await workFolder();
  const packages = ['penstock-agent', 'penstock-gateway'].map((program) => fileOf({ program, kind: 'npm' }));
  const install = ['install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', folder.path];
  await run('npm', [...install, ...packages]);
  for (const program of ['penstock-agent', 'penstock-gateway']) {
    const script = join(folder.path, 'bin', program);
    const facts = JSON.parse(await run(process.execPath, [script, 'self-check', '--output', 'json'])) as {
      version: string;
      executable: boolean;
    };
    assert.equal(facts.version, VERSION);
    assert.equal(facts.executable, false);
  }
});
