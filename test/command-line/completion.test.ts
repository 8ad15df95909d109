import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { agentProgram } from '@penstock/agent';
import { gatewayProgram } from '@penstock/gateway';
import { completionNames } from '@penstock/operator';
import { commandPages, type Io, runProgram } from '@penstock/terminal';
import { skipWithout } from '../rig/optional.ts';

const silent: Io = {
  stdout: { write: () => undefined },
  stderr: { write: () => undefined },
  environment: {},
  setExitCode: () => undefined,
};

/** Returns the completion script that a program prints. */
async function scriptOf(name: 'penstock-gateway' | 'penstock-agent', shell: string): Promise<string> {
  let printed = '';
  const io: Io = {
    stdout: { write: (text) => (printed += text) },
    stderr: { write: (text) => assert.fail(text) },
    environment: {},
    setExitCode: (code) => assert.equal(code, 0),
  };
  const program = await (name === 'penstock-gateway' ? gatewayProgram : agentProgram)(io, process);
  await runProgram(program, ['completion', shell], io);
  return printed;
}

/** Names of each listing, printed by a stand-in for the program that is first on PATH. */
const STAND_IN = `penstock-gateway() { [ "$1" = completion-names ] && printf '%s\\n' "$2-1" "$2-2"; return 1; }\n`;

/** Returns the completions that bash offers for a command line. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(' ');
  const name = words[0] === 'penstock-agent' ? 'penstock-agent' : 'penstock-gateway';
  const script = `${STAND_IN}${await scriptOf(name, 'bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_${name.replaceAll('-', '_')}
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync('bash', ['--norc', '-u', '-c', script], { encoding: 'utf8' });
  return printed.split('\n').filter((word) => word !== '');
}

test('bash completes commands, options and their values', { skip: skipWithout('bash') }, async () => {
  const commands = await offered('penstock-gateway ');
  for (const command of ['init', 'run', 'agent', 'connection', 'audit', 'approval', 'completion']) {
    assert.ok(commands.includes(command), `${command} among ${commands}`);
  }
  assert.deepEqual(await offered('penstock-gateway conn'), ['connection']);
  assert.ok((await offered('penstock-gateway agent ')).includes('revoke'));
  assert.deepEqual(await offered('penstock-gateway connection exp'), ['explain']);
  assert.deepEqual(await offered('penstock-gateway agent list --output '), ['text', 'json']);
  assert.deepEqual(await offered('penstock-gateway agent list -o j'), ['json']);
  assert.deepEqual(await offered('penstock-gateway admin-token create --role op'), ['operator']);
  assert.deepEqual(await offered('penstock-gateway completion '), ['bash', 'zsh', 'fish', '-h', '--help']);
  assert.ok((await offered('penstock-gateway token create --')).includes('--ttl'));
  assert.deepEqual(await offered('penstock-agent stat'), ['status']);
});

test('bash completes names that the gateway knows', { skip: skipWithout('bash') }, async () => {
  assert.deepEqual(await offered('penstock-gateway agent show ag'), ['agents-1', 'agents-2']);
  assert.deepEqual(await offered('penstock-gateway connection explain connections-2'), ['connections-2']);
  assert.deepEqual(await offered('penstock-gateway receiver test '), [
    '-o',
    '--output',
    '-h',
    '--help',
    'receivers-1',
    'receivers-2',
  ]);
  assert.deepEqual(await offered('penstock-gateway agent list --pool '), ['pools-1', 'pools-2']);
  assert.deepEqual(await offered('penstock-gateway grant create --connection '), [
    'connections-1',
    'connections-2',
  ]);
  assert.deepEqual(await offered('penstock-gateway grant revoke gr'), ['grants-1', 'grants-2']);
  // Only the first argument is a name of the listing, and an option needs no query.
  assert.deepEqual(await offered('penstock-gateway agent check agents-1 ag'), []);
  assert.deepEqual(await offered('penstock-gateway agent show --out'), ['--output']);
});

test('every command whose names are completed exists', async () => {
  const paths = commandPages(await gatewayProgram(silent, process)).map(({ path }) =>
    path.split(' ').slice(1).join(' '),
  );
  const completed = Object.keys(completionNames.arguments);
  assert.ok(completed.length >= 24, String(completed.length));
  for (const path of completed) assert.ok(paths.includes(path), path);
  assert.ok(!paths.includes(completionNames.command), 'it is hidden');
});

test('zsh accepts its scripts', { skip: skipWithout('zsh') }, async () => {
  for (const name of ['penstock-gateway', 'penstock-agent'] as const) {
    execFileSync('zsh', ['-f', '-n', '-c', await scriptOf(name, 'zsh')], { stdio: 'pipe' });
  }
});

test('fish completes commands and the values of options', { skip: skipWithout('fish') }, async () => {
  const script = await scriptOf('penstock-gateway', 'fish');
  const offers = (line: string) => {
    const standIn = 'function penstock-gateway; string join \\n $argv[2]-1 $argv[2]-2; end';
    const asked = `${standIn}\n${script}\ncomplete -C '${line}'`;
    const printed = execFileSync('fish', ['--no-config', '-c', asked], { encoding: 'utf8' });
    return printed
      .split('\n')
      .flatMap((each) => each.split('\t', 1))
      .filter((word) => word !== '');
  };
  assert.deepEqual(offers('penstock-gateway conn'), ['connection']);
  assert.deepEqual(offers('penstock-gateway connection exp'), ['explain']);
  assert.deepEqual(offers('penstock-gateway agent list --output ').sort(), ['json', 'text']);
  assert.deepEqual(offers('penstock-gateway agent show ag'), ['agents-1', 'agents-2']);
  assert.deepEqual(offers('penstock-gateway agent list --pool '), ['pools-1', 'pools-2']);
});

test('fish scripts have every command with its description, correctly quoted', async () => {
  const script = await scriptOf('penstock-gateway', 'fish');
  assert.match(script, /^complete -c penstock-gateway -n '__penstock_gateway_at' -f -a 'agent' -d '/m);
  assert.match(script, /-n '__penstock_gateway_at agent list' -l output -x -a 'text json'/);
  for (const line of script.split('\n').filter((each) => each.startsWith('complete '))) {
    assert.equal((line.replaceAll(String.raw`'\''`, '').match(/'/g) ?? []).length % 2, 0, line);
  }
});

test('an unknown shell is refused with the list of supported ones', async () => {
  let error = '';
  let exitCode = 0;
  const io: Io = {
    stdout: { write: () => assert.fail() },
    stderr: { write: (text) => (error += text) },
    environment: {},
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  await runProgram(await gatewayProgram(io, process), ['completion', 'tcsh'], io);
  assert.equal(exitCode, 64);
  assert.match(error, /bash, zsh, fish/);
});
