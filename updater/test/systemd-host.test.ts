import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { layoutBelow, type RunCommand } from '@penstock/services';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { systemdHost } from '../src/index.ts';

type Unit = { active: string; sub: string; result: string };

/** One unit, as systemd manages it: after too many starts, it refuses to start the unit until `reset-failed`. */
function unitOf(unit: Unit): RunCommand {
  return ([, verb]) => {
    const done = { status: 0, stdout: '', stderr: '' };
    switch (verb) {
      case 'show':
        return {
          ...done,
          stdout: `ActiveState=${unit.active}\nSubState=${unit.sub}\nResult=${unit.result}\nInvocationID=abc\n`,
        };
      case 'reset-failed':
        if (unit.active === 'failed')
          Object.assign(unit, { active: 'inactive', sub: 'dead', result: 'success' });
        return done;
      case 'restart':
        if (unit.result === 'start-limit-hit')
          return { ...done, status: 1, stderr: 'Start request repeated too quickly.' };
        Object.assign(unit, { active: 'activating', sub: 'start', result: 'success' });
        return done;
      default:
        return { ...done, status: 1, stderr: `Unknown command verb ${verb}.` };
    }
  };
}

const cases: readonly [what: string, unit: Unit, observed: string, isHung: boolean][] = [
  ['failed too often', { active: 'failed', sub: 'failed', result: 'start-limit-hit' }, 'failed', false],
  ['failed', { active: 'failed', sub: 'failed', result: 'exit-code' }, 'failed', false],
  ['hung', { active: 'failed', sub: 'failed', result: 'watchdog' }, 'failed', true],
  ['was stopped', { active: 'inactive', sub: 'dead', result: 'success' }, 'stopped', false],
  [
    'waits for its next start',
    { active: 'activating', sub: 'auto-restart', result: 'exit-code' },
    'restarting',
    false,
  ],
  [
    'waits, by a newer systemd',
    { active: 'activating', sub: 'auto-restart-queued', result: 'signal' },
    'restarting',
    false,
  ],
  ['runs', { active: 'active', sub: 'running', result: 'success' }, 'active', false],
];

for (const [what, unit, observed, isHung] of cases) {
  test(`a service that ${what} is started by a rollback`, async () => {
    await using directory = await temporaryDirectory();
    mkdirSync(layoutBelow(directory.path).units, { recursive: true });
    const host = systemdHost({
      run: unitOf(unit),
      platform: { os: 'linux', arch: 'x64' },
      isUpgradeAllowed: () => true,
      root: directory.path,
    });
    assert.deepEqual(host.observe('penstock-agent'), { state: observed, isHung, invocation: 'abc' });
    host.restart('penstock-agent');
    assert.equal(host.observe('penstock-agent').state, 'starting');
  });
}
