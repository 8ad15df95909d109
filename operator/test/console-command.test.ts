import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser } from '../../control-plane/test/api/browser.ts';
import { cliRig } from './cli-rig.ts';

test('console prints a link whose code signs in once, with the role of the token', async () => {
  await using rig = await cliRig();
  const printed = await rig.cli('console');
  assert.equal(printed.exitCode, 0, printed.stderr);
  const [, origin, code = ''] =
    /^(http:\/\/127\.0\.0\.1:\d+)\/console\/#code=(\S+)\n$/.exec(printed.stdout) ?? [];
  assert.ok(origin !== undefined, printed.stdout);
  assert.match(printed.stderr, /once, within a minute/);
  const browser = new Browser(rig.api, new URL(origin).host);
  assert.equal((await browser.signIn({ code })).role, 'admin');

  rig.api.live.console.url = 'https://gw.example.com';
  const { url, expiresAt } = JSON.parse((await rig.cli('console', '--output', 'json')).stdout);
  assert.match(url, /^https:\/\/gw\.example\.com\/console\/#code=pst_code_/);
  assert.equal(Date.parse(expiresAt), rig.api.rig.clock.now + 60_000);
});
