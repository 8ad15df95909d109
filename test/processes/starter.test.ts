import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../rig/eventually.ts';
import { ManagedProcess } from '../rig/process.ts';
import { binOf, gatewayFile, makeSite, runCommand } from './programs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function initialized() {
  const site = await makeSite();
  const file = await site.write('gateway.yaml', gatewayFile());
  assert.equal((await runCommand('gateway', ['init', '--config', file])).code, 0);
  return { site, file };
}

test('a gateway whose npx was ended by a supervisor says so, drains and exits', {
  skip: process.platform !== 'linux' && 'needs /proc',
}, async () => {
  const { site, file } = await initialized();
  await using _site = site;
  await using npx = await ManagedProcess.start({
    command: 'npx',
    args: ['--no', 'penstock-gateway', 'run', '--config', file],
    cwd: ROOT,
  });
  await npx.json({ event: 'gateway-started' }, 60_000);
  npx.signal('SIGTERM');
  const line = await npx.json({ event: 'starter-gone' }, 30_000);
  assert.match(String(line['starter']), /^np[mx]$/);
  await npx.json({ event: 'gateway-stopped' }, 30_000);
  await npx.exited;
});

test('a program with PENSTOCK_EXIT_WITH_PARENT ends when its parent is killed, and one without it goes on', {
  skip: process.platform === 'win32' && 'needs the ids of children',
}, async () => {
  const { site, file } = await initialized();
  await using _site = site;
  for (const wanted of [true, false]) {
    const program = `
      const { spawn } = await import('node:child_process');
      const env = { ...process.env, ${wanted ? 'PENSTOCK_EXIT_WITH_PARENT: String(process.pid)' : ''} };
      const child = spawn(process.execPath, ${JSON.stringify([binOf('gateway'), 'run', '--config', file])}, { env, stdio: ['ignore', 'inherit', 'inherit'] });
      console.log(JSON.stringify({ child: child.pid }));
      setInterval(() => {}, 60_000);
    `;
    // Not in the same process group, so that only the parent is killed.
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: Record<string, unknown>[] = [];
    createInterface({ input: parent.stdout }).on('line', (line) => lines.push(JSON.parse(line)));
    const has = (event: string) => lines.some((line) => line['event'] === event);
    await eventually('the gateway to start', () => has('gateway-started'), { within: 60_000 });
    const pid = Number(lines.find((line) => 'child' in line)?.['child']);
    parent.kill('SIGKILL');
    if (wanted) {
      await eventually('the gateway to notice', () => has('starter-gone'), { within: 30_000 });
      await eventually('the gateway to exit', () => !isAlive(pid), { within: 30_000 });
    } else {
      await eventually('the parent to be gone', () => parent.signalCode !== null);
      // A reload shows that it works without its parent.
      process.kill(pid, 'SIGHUP');
      await eventually('a reload', () => has('config-loaded'), { within: 30_000 });
      assert.equal(has('starter-gone'), false);
      process.kill(pid, 'SIGTERM');
      await eventually('the gateway to exit', () => !isAlive(pid), { within: 30_000 });
    }
  }
});
