import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';
import { skipBecause } from '../rig/optional.ts';
import { createNetwork, whyNoNetwork } from './survival/network.ts';

const MODULE = join(import.meta.dirname, 'survival/network.ts');
const PROGRAM = `
const { createNetwork } = await import(process.argv[1]);
const { own } = createNetwork(['other']);
console.log(own);
process.stdin.resume();
`;

const reason = whyNoNetwork();
const spaces = () => new Set(readdirSync('/run/netns').filter((name) => name.endsWith('-other')));

test('a network is removed when its process was killed, and not as long as it runs', {
  skip: reason === undefined ? false : skipBecause(reason),
}, async () => {
  await using _leaks = expectNoLeaks();
  const before = spaces();
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, '--', MODULE], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    const [line] = await once(child.stdout, 'data');
    assert.match(String(line), /^10\.213\./);
    const [space = '', ...more] = [...spaces()].filter((name) => !before.has(name));
    assert.deepEqual(more, []);
    {
      await using network = createNetwork(['own']);
      assert.ok(spaces().has(space), 'that process has it locked');
      assert.notEqual(network.own, String(line).trim());
    }
    child.kill('SIGKILL');
    await ended;
    await using _network = createNetwork(['own']);
    assert.ok(!spaces().has(space));
  } finally {
    child.kill('SIGKILL');
  }
});
