import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { agentFile, gatewayFile, makeSite, type Program, runCommand } from './programs.ts';

const pin = `sha256/${'A'.repeat(43)}=`;

for (const program of ['gateway', 'agent'] as const satisfies readonly Program[]) {
  test(`SIGUSR1 does not open the inspector of the ${program}`, {
    skip: process.platform === 'win32' && 'Windows has no signals',
  }, async () => {
    await using site = await makeSite();
    const content = program === 'gateway' ? gatewayFile() : agentFile({ tunnelPort: 1, pin, targets: {} });
    const file = await site.write(`${program}.yaml`, content);
    if (program === 'gateway') await runCommand('gateway', ['init', '--config', file]);
    const running = await site.start(program, `${program}.yaml`, { TOKEN: 'pst_enroll_x' });
    await running.json({ event: `${program}-started` }, 60_000);
    running.signal('SIGUSR1');
    // A later signal is handled after it. One that arrives during the start is ignored.
    await eventually(
      'a reload',
      () => {
        running.signal('SIGHUP');
        return running.output.includes('config-loaded');
      },
      {
        within: 60_000,
      },
    );
    assert.doesNotMatch(running.output, /Debugger listening/);
    assert.equal((await running.stop('SIGTERM', 30_000)).code, 0);
  });
}
