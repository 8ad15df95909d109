import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isInstalled, skipWithout } from '../../test/rig/optional.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { type ProgramService, programUnit } from '../src/systemd/program-unit.ts';
import { environmentLine, execWord, unitText } from '../src/systemd/unit-file.ts';
import { updaterUnits } from '../src/systemd/updater-units.ts';

const service = (program: ProgramService['program']): ProgramService => ({
  program,
  name: program,
  config: '/etc/penstock/file with 100%.yaml',
  command: ['/opt/penstock/current/x'],
  environment: { HTTPS_PROXY: 'http://proxy:3128/%20"' },
  notifiesItself: true,
  systemdVersion: 257,
  hasUpdater: program === 'penstock-agent',
});

test('words of a command line are neither specifiers nor variables', () => {
  assert.equal(execWord('/etc/a.yaml'), '/etc/a.yaml');
  assert.equal(execWord('a b'), '"a b"');
  assert.equal(execWord('100%'), '100%%');
  assert.equal(execWord('$HOME'), '$$HOME');
  assert.equal(execWord('"\\'), '"\\"\\\\"');
  assert.equal(environmentLine('A', '%"'), '"A=%%\\""');
});

test('a value cannot become another setting', () => {
  assert.throws(() => unitText([['Unit', [['Description', 'x\nUser=root']]]]), /line break/);
});

const exposures = { 'penstock-agent': 1.5, 'penstock-gateway': 1.5 } as const;

test('systemd accepts the units, and finds little exposed', {
  skip: isInstalled('systemd-analyze') ? false : skipWithout('systemd-analyze'),
}, async () => {
  await using directory = await temporaryDirectory();
  const units = {
    ...Object.fromEntries(
      Object.keys(exposures).map((program) => [
        `${program}.service`,
        programUnit(service(program as ProgramService['program'])),
      ]),
    ),
    ...updaterUnits({
      agents: ['penstock-agent'],
      command: ['/opt/penstock/stable/penstock-agent'],
      systemdVersion: 257,
    }),
  };
  for (const [name, text] of Object.entries(units)) await writeFile(join(directory.path, name), text);
  const limits = { ...exposures, 'penstock-updater': 2, 'penstock-updater-boot': 2 };
  for (const [name, limit] of Object.entries(limits)) {
    const { stdout, stderr, status } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', join(directory.path, `${name}.service`)],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const [, exposure] = /Overall exposure level for \S+: ([0-9.]+)/.exec(stdout) ?? [];
    assert.ok(Number(exposure) <= limit, `${name} is exposed ${exposure}\n${stdout}`);
    // RestartSteps is newer than the systemd of Debian 12.
    const complaints = stderr
      .split('\n')
      .filter((line) => /Unknown|Invalid|Failed to parse/.test(line) && !line.includes('Restart'));
    assert.deepEqual(complaints, []);
  }
});
