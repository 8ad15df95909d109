import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { skipBecause } from '../../test/rig/optional.ts';
import { ManagedProcess } from '../../test/rig/process.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';

function skipWithoutNamespaces(): false | string {
  try {
    execFileSync('unshare', ['--net', '--mount', 'sh', '-c', 'ip link set lo up'], { stdio: 'ignore' });
    return false;
  } catch {
    return skipBecause('namespaces of its own cannot be made here');
  }
}

test('names are resolved while 60 lookups of zones whose servers do not answer wait', {
  skip: skipWithoutNamespaces(),
  timeout: 60_000,
}, async () => {
  await using directory = await temporaryDirectory();
  const resolvConf = join(directory.path, 'resolv.conf');
  await writeFile(resolvConf, 'nameserver 127.0.0.1\noptions timeout:30 attempts:2\n');
  const child = fileURLToPath(new URL('host-lookup-child.ts', import.meta.url));
  await using resolver = await ManagedProcess.start({
    command: 'unshare',
    args: [
      '--net',
      '--mount',
      'sh',
      '-c',
      `ip link set lo up && mount --bind "$0" /etc/resolv.conf && exec "$1" "$2"`,
      resolvConf,
      process.execPath,
      child,
    ],
    env: { UV_THREADPOOL_SIZE: '128' },
  });
  assert.deepEqual(await resolver.json({}, 50_000), {
    addresses: ['192.0.2.1', '192.0.2.1', '127.0.0.1'],
    ended: 0,
  });
});

for (const program of ['agent', 'gateway']) {
  test(`${program} starts with enough threads for lookups, unless the environment says otherwise`, {
    skip: process.platform !== 'linux' && 'the threads of a process are read from /proc',
  }, async () => {
    const bin = new URL(`../../${program}/bin/penstock-${program}.js`, import.meta.url).href;
    const code = `process.argv.push('--version');
      const { stdout } = process;
      await import(${JSON.stringify(bin)});
      const { lookup } = await import('node:dns/promises');
      await lookup('localhost');
      stdout.write('looked up\\n');
      setInterval(() => {}, 60_000);`;
    const threads = async (env: Record<string, string>) => {
      await using child = await ManagedProcess.start({ args: ['--input-type=module', '--eval', code], env });
      await child.line('lookup', ({ text }) => text === 'looked up');
      return (await readdir(`/proc/${child.pid}/task`)).length;
    };
    const [own, set] = [await threads({}), await threads({ UV_THREADPOOL_SIZE: '8' })];
    assert.equal(own - set, 120);
  });
}
