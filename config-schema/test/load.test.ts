import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { asNobody } from '../../test/rig/as-nobody.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { loadAgentConfig, loadGatewayConfig } from '../src/load.ts';
import { parseAgentConfig } from '../src/parse.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';
import { keyPair } from './rig/valid-file.ts';

const nothing = hostOf({ environment: {}, files: new Map() });

describe('a configuration file', () => {
  test('is read with the files it refers to, relative to its own directory', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'gateway.yaml');
    await mkdir(join(directory.path, 'tls'));
    await writeFile(join(directory.path, 'tls', 'chain.pem'), keyPair.chain);
    await writeFile(join(directory.path, 'tls', 'key.pem'), keyPair.key);
    await symlink('key.pem', join(directory.path, 'tls', 'current-key.pem'));
    const tls = 'tunnelTls: {certificate: "${file:tls/chain.pem}", key: "${file:./tls/current-key.pem}"}\n';
    await writeFile(file, `${MINIMAL_GATEWAY}dataDirectory: \${env:STATE}\n${tls}`);

    const loaded = loadGatewayConfig(file, { STATE: 'state' });

    assert.ok(loaded.ok, JSON.stringify(loaded));
    const { config, source } = loaded;
    assert.equal(config.dataDirectory, join(directory.path, 'state'));
    assert.equal(config.tunnelTls?.certificate, keyPair.chain.trimEnd());
    assert.equal(config.tunnelTls?.key.reveal(), keyPair.key.trimEnd());
    assert.equal(config.tunnelTls?.key.reference, `\${file:${join(directory.path, 'tls/current-key.pem')}}`);
    assert.deepEqual(
      source.files,
      ['tls/chain.pem', 'tls/current-key.pem'].map((name) => join(directory.path, name)),
    );
    assert.equal(source.file, file);
    assert.equal(source.version, 7);
  });

  test('may begin with a byte order mark and have Windows line endings', () => {
    const text = `\u{feff}${MINIMAL_AGENT.replaceAll('\n', '\r\n')}`;
    const loaded = parseAgentConfig(text, nothing);
    assert.ok(loaded.ok);
    assert.equal(loaded.config.name, 'agent-1');
    const broken = parseAgentConfig(text.replace('dc1', '-'), nothing);
    assert.ok(!broken.ok);
    assert.deepEqual(
      broken.problems.map(({ line, column, length }) => [line, column, length]),
      [[5, 7, 1]],
    );
  });

  test('that does not exist is a problem that names it', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'agent.yaml');
    const loaded = loadAgentConfig(file, {});
    assert.ok(!loaded.ok);
    const [problem] = loaded.problems;
    assert.equal(problem?.code, 'FILE_UNREADABLE');
    assert.ok(problem?.message.includes(file));
    assert.match(problem?.message ?? '', /does not exist/);
  });

  test('that is a directory, a pipe, or not text is a problem', async () => {
    await using directory = await temporaryDirectory();
    const pipe = join(directory.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const bytes = join(directory.path, 'bytes');
    await writeFile(bytes, Buffer.from([0x6e, 0x3a, 0xff, 0xfe]));
    for (const path of [directory.path, pipe, bytes, join(bytes, 'below')]) {
      const loaded = loadAgentConfig(path, {});
      assert.deepEqual(loaded.ok ? [] : loaded.problems.map(({ code }) => code), ['FILE_UNREADABLE'], path);
    }
  });

  test('that the user cannot read is a problem', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'agent.yaml');
    await writeFile(file, MINIMAL_AGENT);
    await chmod(directory.path, 0o755);
    await chmod(file, 0);
    const loaded = asNobody(() => loadAgentConfig(file, {}));
    assert.ok(!loaded.ok);
    assert.match(loaded.problems[0]?.message ?? '', /cannot be read: it is owned by \S+ \(mode 0000\)/);
    assert.match(loaded.problems[0]?.suggestion ?? '', /Run /);
  });

  test('may be at most 1 MiB, on disk and as text', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'agent.yaml');
    const largest = `${MINIMAL_AGENT}#${'x'.repeat(1024 * 1024 - MINIMAL_AGENT.length - 1)}`;
    await writeFile(file, largest);
    assert.ok(loadAgentConfig(file, {}).ok);
    await writeFile(file, `${largest}x`);
    for (const loaded of [loadAgentConfig(file, {}), parseAgentConfig(`${largest}x`, nothing)]) {
      assert.deepEqual(loaded.ok ? [] : loaded.problems.map(({ code }) => code), ['FILE_TOO_LARGE']);
    }
  });

  test('with many problems shows the first hundred and the number of the others', () => {
    const lines = Array.from({ length: 250 }, (_, index) => `x${index}: 1\n`);
    const loaded = parseAgentConfig(MINIMAL_AGENT + lines.join(''), nothing);
    assert.ok(!loaded.ok);
    assert.equal(loaded.problems.length, 101);
    const last = loaded.problems.at(-1);
    assert.equal(last?.code, 'MORE_PROBLEMS');
    assert.match(last?.message ?? '', /\b150\b/);
    assert.equal(last?.line, 111);
  });
});
