import assert from 'node:assert/strict';
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createGunzip } from 'node:zlib';
import { verifiedArtifact, verifyRelease } from '@penstock/release';
import { readRootKeyFile } from '../../../scripts/release/keys.ts';
import { run } from '../../../scripts/release/run.ts';
import { releaseFolder, VERSION } from './built-release.ts';

const path = (...parts: readonly string[]) => join(releaseFolder, ...parts);

test('a release is signed, and everything in it is verified', {
  skip: !existsSync(path('latest.json')) && 'the release is not signed',
}, async () => {
  const [keys, latest, release] = await Promise.all(
    ['keys.json', 'latest.json', `${VERSION}/release.json`].map((file) => readFile(path(file))),
  );
  assert(keys && latest && release);
  const trust = {
    rootKeys: await readRootKeyFile(path('roots.pem')),
    seen: { keys: 0, latest: 0, release: 0 },
    now: Date.now(),
  };
  const { artifacts } = verifyRelease({ keys, latest, release }, VERSION, trust).release;
  assert.ok(artifacts.length >= 10, `${artifacts.length} artifacts`);
  for (const artifact of artifacts) {
    const whole = createReadStream(path(VERSION, artifact.file));
    for await (const _ of verifiedArtifact(artifact, whole));
    if (artifact.gzip === undefined) continue;
    const unpacked = createReadStream(path(VERSION, artifact.gzip.file)).pipe(createGunzip());
    for await (const _ of verifiedArtifact(artifact, unpacked));
  }
  const output = await run('sh', [path('install.sh'), 'agent', '--from', releaseFolder, '--verify-only']);
  assert.match(output, /is signed, current, and complete/);
});

test('the bill of materials names what is in the programs, with licenses and hashes', async () => {
  for (const [program, expected] of [
    ['penstock-agent', ['node', 'ajv', 'commander', 'yaml']],
    ['penstock-gateway', ['node', 'ajv', 'fastify', 'kysely', 'pg', 'react']],
  ] as const) {
    const bill = JSON.parse(await readFile(path(VERSION, `${program}-${VERSION}.cdx.json`), 'utf8')) as {
      components: { name: string; purl: string; licenses?: unknown[]; hashes?: unknown[] }[];
    };
    const names = bill.components.map(({ name }) => name);
    for (const name of expected) assert.ok(names.includes(name), `${program}: ${name}`);
    for (const tool of ['typescript', 'esbuild', 'vite']) assert.ok(!names.includes(tool), tool);
    for (const { name, licenses, hashes } of bill.components) {
      assert.ok(licenses, name);
      assert.ok(name === 'node' || hashes, name);
    }
  }
});
