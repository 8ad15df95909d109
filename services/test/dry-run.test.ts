import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentFile } from '../../test/rig/penstock-host.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { type HostService, installService } from '../src/command/install.ts';
import { uninstallService } from '../src/command/uninstall.ts';
import type { RunCommand } from '../src/run-command.ts';

/** A host without systemd below `root`, as a container or the machine on which an image is made. */
function hostIn(root: string, systemctl: RunCommand) {
  const out: string[] = [];
  const writer = { write: (text: string) => out.push(text) };
  const io = { stdout: writer, stderr: writer, environment: {}, setExitCode() {} };
  const self = {
    platform: 'linux',
    version: '1.0.0',
    command: ['/download'],
    isSingleExecutable: true,
    canNotify: true,
  };
  return {
    out,
    host: { program: 'penstock-agent', io, self, root, run: systemctl } as unknown as HostService,
  };
}

const present: RunCommand = () => ({ status: 0, stdout: 'systemd 257', stderr: '' });
const absent: RunCommand = () => ({ status: undefined, stdout: '', stderr: 'ENOENT' });
const choices = { config: '/agent.yaml', name: 'penstock-agent', start: true };

for (const [what, systemctl] of [
  ['is not running', present],
  ['is not installed', absent],
] as const) {
  test(`where systemd ${what}, a dry run prints the units, and nothing is installed`, async () => {
    await using directory = await temporaryDirectory();
    writeFileSync(join(directory.path, 'agent.yaml'), agentFile());
    const { host, out } = hostIn(directory.path, systemctl);
    installService(host, { ...choices, dryRun: true });
    assert.match(out.join(''), /Type=notify/);
    assert.match(out.join(''), /systemctl start --no-block penstock-agent\.service/);
    uninstallService(host, { name: 'penstock-agent', dryRun: true });
    assert.match(out.at(-1) ?? '', /is not installed/);
    assert.throws(() => installService(host, choices), /systemd/);
  });
}
