import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type FileKind, schemaText } from '@penstock/config-schema';
import { Command } from 'commander';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { configCommand } from '../src/config/config-command.ts';
import { runProgram } from '../src/program.ts';
import { type CapturedIo, capturedIo, type Screen } from './rig/captured-io.ts';
import { AGENT, ENVIRONMENT, GATEWAY } from './rig/config-files.ts';

async function run(kind: FileKind, args: readonly string[], screen: Screen = {}): Promise<CapturedIo> {
  const io = capturedIo({ environment: ENVIRONMENT, ...screen });
  await runProgram(new Command('penstock').addCommand(configCommand({ kind, io })), ['config', ...args], io);
  return io;
}

/** Writes files to a temporary directory; `at` returns their paths. */
async function written(
  files: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { at: (name: string) => string }> {
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(at(name), text)));
  return { at, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

const DIGEST = /sha256:[0-9a-f]{64}/;

test('config diff fails if the version went down', async () => {
  await using files = await written({
    'base.yaml': AGENT,
    'agent.yaml': AGENT.replace('version: 3', 'version: 2'),
  });
  const args = ['diff', '--base', files.at('base.yaml'), files.at('agent.yaml')];
  const io = await run('Agent', args);
  assert.equal(io.exitCode(), 2);
  assert.match(io.out(), /`version` went down from 3 to 2\. Use a version above 3\./);
  assert.match((await run('Agent', [...args, '--output', 'github'])).out(), /^::error .*VERSION_LOWERED/);
});

describe('config validate', () => {
  test('prints the version and digest of a valid file', async () => {
    await using files = await written({ 'agent.yaml': AGENT });
    const io = await run('Agent', ['validate', files.at('agent.yaml')]);
    assert.match(io.out(), /agent\.yaml: valid, version 3, sha256:[0-9a-f]{64}\n$/);
    assert.equal(io.err(), '');
    assert.notEqual(io.exitCode(), 1);
  });

  test('checks gateway.yaml against agent files', async () => {
    const gateway = `${GATEWAY}connections: [{name: o, pools: [dc1], connector: orders-db, ingress: [{tcp: "127.0.0.1:5432", allow: [127.0.0.1/32]}]}]\n`;
    await using files = await written({
      'gateway.yaml': gateway,
      'agent.yaml': AGENT,
      'wrong.yaml': 'kind: Agent\n',
    });
    const validate = (...more: string[]) => run('Gateway', ['validate', files.at('gateway.yaml'), ...more]);
    const agreeing = await validate('--agent-file', files.at('agent.yaml'));
    assert.match(agreeing.out(), /, and agrees with 1 agent file\n$/, agreeing.err());
    const broken = await validate(
      '--agent-file',
      files.at('agent.yaml'),
      '--agent-file',
      files.at('wrong.yaml'),
    );
    assert.match(broken.err(), /wrong\.yaml:1:1 API_VERSION_UNSUPPORTED/);
    assert.equal(broken.exitCode(), 1);
    assert.match((await validate('--agent-file', files.at('none.yaml'))).err(), /FILE_UNREADABLE/);
    assert.match(
      (await run('Agent', ['validate', '--agent-file', 'x'])).err(),
      /unknown option '--agent-file'/,
    );
  });

  test('prints the same as JSON', async () => {
    await using files = await written({ 'gateway.yaml': GATEWAY });
    const file = files.at('gateway.yaml');
    const io = await run('Gateway', ['validate', file, '--output', 'json']);
    const { digest, ...rest } = JSON.parse(io.out());
    assert.deepEqual(rest, { valid: true, file, kind: 'Gateway', version: 7 });
    assert.match(digest, DIGEST);
  });

  test('lists all problems with their locations and exits with 1', async () => {
    await using files = await written({
      'agent.yaml': AGENT.replace('pool: dc1', 'pol: dc1').replace('3', 'three'),
    });
    const file = files.at('agent.yaml');
    const io = await run('Agent', ['validate', file]);
    assert.equal(io.exitCode(), 1);
    assert.equal(io.out(), '');
    const lines = io.err().split('\n');
    assert.deepEqual(
      lines.filter((line) => line.startsWith(file)).map((line) => line.slice(file.length, line.indexOf(' '))),
      [':3:10', ':5:1'],
    );
    assert.ok(lines.includes('   5 | pol: dc1'));
    assert.ok(lines.includes('     | ^^^'));
    assert.ok(lines.includes('  Did you mean `pool`?'));
  });

  test('prints problems as JSON', async () => {
    await using files = await written({ 'agent.yaml': AGENT.replace('pool: dc1', 'pol: dc1') });
    const file = files.at('agent.yaml');
    const io = await run('Agent', ['validate', file, '-o', 'json']);
    assert.equal(io.exitCode(), 1);
    const { valid, problems } = JSON.parse(io.out());
    assert.equal(valid, false);
    assert.deepEqual(
      problems.map(({ code, line, column, path }: Record<string, unknown>) => ({ code, line, column, path })),
      [{ code: 'UNKNOWN_KEY', line: 5, column: 1, path: 'pol' }],
    );
  });

  test('prints problems as GitHub annotations, one per line', async () => {
    const odd = AGENT.replace('name: agent-${env:NUMBER}', 'name: "100%\\n::error::x"');
    await using files = await written({ 'a,b.yaml': odd });
    const io = await run('Agent', ['validate', files.at('a,b.yaml'), '-o', 'github']);
    assert.equal(io.exitCode(), 1);
    assert.match(
      io.out(),
      /^::error file=[^,]*a%2Cb\.yaml,line=4,endLine=4,col=7,endColumn=\d+,title=INVALID_NAME::[^\n]+\n$/,
    );
  });

  test('names references that are missing on this host and suggests --no-references', async () => {
    await using files = await written({ 'agent.yaml': AGENT });
    const strict = await run('Agent', ['validate', files.at('agent.yaml')], { environment: {} });
    assert.equal(strict.exitCode(), 1);
    assert.match(strict.err(), /NUMBER, which is not set[\s\S]*--no-references/);
    assert.doesNotMatch(strict.err(), /TOKEN, which is not set/);
    const lenient = await run('Agent', ['validate', '--no-references', files.at('agent.yaml')], {
      environment: {},
    });
    assert.match(lenient.out(), /valid.*references not resolved/);
    assert.notEqual(lenient.exitCode(), 1);
  });

  test('accepts a file whose enrollment token is missing, with a note', async () => {
    await using files = await written({ 'agent.yaml': AGENT });
    const io = await run('Agent', ['validate', files.at('agent.yaml')], { environment: { NUMBER: '1' } });
    assert.match(io.out(), /agent\.yaml: valid/);
    assert.match(
      io.err(),
      /^`identity\.enrollmentToken` .*TOKEN, which is not set\. It is treated as absent/,
    );
    assert.notEqual(io.exitCode(), 1);
  });

  test('finds problems of the file itself with --no-references', async () => {
    const literal = AGENT.replace('${env:TOKEN}', 'c4n4ryS3cr3t');
    await using files = await written({ 'agent.yaml': `${literal}drain: {timeout: 5}\n` });
    const io = await run('Agent', ['validate', '--no-references', files.at('agent.yaml')], {
      environment: {},
    });
    assert.match(io.err(), /SECRET_LITERAL[\s\S]*INVALID_DURATION/);
    assert.doesNotMatch(io.err(), /c4n4ryS3cr3t/);
  });

  test('names the program that a file of the wrong kind is for', async () => {
    await using files = await written({ 'gateway.yaml': GATEWAY });
    const io = await run('Agent', ['validate', files.at('gateway.yaml')]);
    assert.match(io.err(), /WRONG_KIND This file is for penstock-gateway/);
  });

  test('reports a missing file', async () => {
    await using files = await written({});
    const io = await run('Agent', ['validate', files.at('none.yaml')]);
    assert.equal(io.exitCode(), 1);
    assert.match(io.err(), /FILE_UNREADABLE .*none\.yaml does not exist/);
  });

  test('uses color only on a terminal and without NO_COLOR', async () => {
    await using files = await written({ 'agent.yaml': 'x' });
    const args = ['validate', files.at('agent.yaml')];
    const err = async (screen: Screen) => (await run('Agent', args, screen)).err();
    assert.ok((await err({ columns: 80 })).includes('\u{1b}['));
    assert.ok(!(await err({})).includes('\u{1b}['));
    assert.ok(!(await err({ columns: 80, environment: { NO_COLOR: '1' } })).includes('\u{1b}['));
  });
});

describe('config show', () => {
  test('prints valid YAML with references in place of secrets', async () => {
    await using files = await written({ 'agent.yaml': AGENT });
    const shown = await run('Agent', ['show', files.at('agent.yaml')]);
    assert.match(shown.out(), /^name: agent-1$/m);
    assert.match(shown.out(), /enrollmentToken: \$\{env:TOKEN\}/);
    assert.match(shown.out(), /listen: 127\.0\.0\.1:9070/);
    assert.doesNotMatch(shown.out(), /c4n4ryS3cr3t/);
    await using again = await written({ 'agent.yaml': shown.out() });
    const second = await run('Agent', ['show', again.at('agent.yaml')]);
    assert.equal(second.out(), shown.out());
  });

  test('prints JSON', async () => {
    await using files = await written({ 'gateway.yaml': GATEWAY });
    const io = await run('Gateway', ['show', '--output', 'json', files.at('gateway.yaml')]);
    assert.equal(JSON.parse(io.out()).tunnel.memoryBudget, '1GiB');
  });
});

describe('every config command', () => {
  test('supports every format and annotates problems on their lines', async () => {
    await using files = await written({ 'agent.yaml': AGENT, 'broken.yaml': `${AGENT}x: 1\n` });
    for (const name of ['validate', 'show', 'digest', 'schema']) {
      for (const format of ['text', 'json', 'github']) {
        const args = name === 'schema' ? [name] : [name, files.at('agent.yaml')];
        const io = await run('Agent', [...args, '--output', format]);
        assert.ok(io.exitCode() === undefined, `${name} ${format}: ${io.err()}`);
        assert.ok(io.out().length > 0);
        if (format === 'json' || name === 'schema') JSON.parse(io.out());
      }
      if (name === 'schema') continue;
      const io = await run('Agent', [name, files.at('broken.yaml'), '--output', 'github']);
      assert.match(io.out(), /^::error file=[^,]*broken\.yaml,line=13,[^\n]*title=UNKNOWN_KEY::[^\n]+\n$/);
      assert.equal(io.exitCode(), 1);
    }
  });
});

describe('config digest', () => {
  test('prints only the digest, independently of environment and comments', async () => {
    await using files = await written({ 'a.yaml': AGENT, 'b.yaml': `# other\n${AGENT}` });
    const one = await run('Agent', ['digest', files.at('a.yaml')], { environment: {} });
    const other = await run('Agent', ['digest', files.at('b.yaml')], { environment: {} });
    assert.match(one.out(), /^sha256:[0-9a-f]{64}\n$/);
    assert.equal(other.out(), one.out());
    const { pin } = JSON.parse((await run('Agent', ['digest', '-o', 'json', files.at('a.yaml')])).out());
    assert.equal(`${pin}\n`, `3@${one.out()}`);
  });
});

describe('config schema', () => {
  test('prints the schema of the program that runs it', async () => {
    assert.equal((await run('Agent', ['schema'])).out(), schemaText('Agent'));
    assert.equal((await run('Gateway', ['schema'])).out(), schemaText('Gateway'));
  });
});

describe('config diff', () => {
  const newer = AGENT.replace('version: 3', 'version: 4').replace('5432', '5433');
  const unchanged = AGENT.replace('5432', '5433');

  test('prints the changes and exits with 0 if the version changed too', async () => {
    await using files = await written({ 'base.yaml': AGENT, 'agent.yaml': newer });
    const io = await run('Agent', ['diff', '--base', files.at('base.yaml'), files.at('agent.yaml')]);
    assert.match(io.out(), /^~ version: 3 -> 4$/m);
    assert.match(
      io.out(),
      /^~ connectors\[orders-db\]\.address: orders\.internal:5432 -> orders\.internal:5433$/m,
    );
    assert.equal(io.exitCode(), 0);
  });

  test('exits with 2 if the content changed but the version did not', async () => {
    await using files = await written({ 'base.yaml': AGENT, 'agent.yaml': unchanged });
    const args = ['diff', '--base', files.at('base.yaml'), files.at('agent.yaml')];
    const io = await run('Agent', args);
    assert.match(io.out(), /`version` is still 3\. Increase it/);
    assert.equal(io.exitCode(), 2);
    const github = await run('Agent', [...args, '--output', 'github']);
    assert.match(github.out(), /^::error file=.*agent\.yaml,line=3,title=VERSION_UNCHANGED::.*\n$/);
    const asJson = JSON.parse((await run('Agent', [...args, '--output', 'json'])).out());
    assert.equal(asJson.versionUnchanged, true);
    assert.deepEqual(asJson.changes, [
      {
        path: 'connectors[orders-db].address',
        kind: 'changed',
        before: 'orders.internal:5432',
        after: 'orders.internal:5433',
      },
    ]);
  });

  test('ignores comments and order', async () => {
    const [head = '', ...rest] = AGENT.split('\n');
    const moved = `${[...rest.slice(0, 4), head, ...rest.slice(4)].join('\n')}# the end\n`;
    await using files = await written({ 'base.yaml': AGENT, 'agent.yaml': moved });
    const io = await run('Agent', ['diff', '--base', files.at('base.yaml'), files.at('agent.yaml')]);
    assert.match(io.out(), /^The content is identical: version 3/);
    assert.equal(io.exitCode(), 0);
  });

  test('exits with 1 and names an invalid file', async () => {
    await using files = await written({ 'base.yaml': AGENT, 'agent.yaml': 'x' });
    const io = await run('Agent', ['diff', '--base', files.at('base.yaml'), files.at('agent.yaml')]);
    assert.equal(io.exitCode(), 1);
    assert.match(io.err(), /agent\.yaml:1:1 NOT_A_MAPPING/);
  });
});

describe('the command line', () => {
  test('every command shows an example in its help', async () => {
    const { commands } = configCommand({ kind: 'Gateway', io: capturedIo() });
    const names = commands.map((command) => command.name());
    assert.deepEqual(names, ['validate', 'show', 'digest', 'diff', 'schema']);
    const all = await run('Gateway', ['--help']);
    assert.match(all.out(), /Example:\n.*\$ penstock-gateway config validate/);
    for (const name of names) {
      const io = await run('Gateway', [name, '--help']);
      assert.match(io.out(), new RegExp(`Example:\\n.*\\$ .*penstock-gateway config ${name}`), name);
      assert.equal(io.exitCode(), 0);
    }
  });

  test('exits with 64 and lists the allowed values if it is invalid', async () => {
    const io = await run('Agent', ['validate', '--output', 'xml']);
    assert.equal(io.exitCode(), 64);
    assert.match(io.err(), /text, json, github/);
    assert.equal((await run('Agent', ['diff'])).exitCode(), 64);
    assert.equal((await run('Agent', ['shwo'])).exitCode(), 64);
  });
});
