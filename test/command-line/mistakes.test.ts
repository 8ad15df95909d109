import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentProgram } from '@penstock/agent';
import { gatewayProgram } from '@penstock/gateway';
import { type Io, runProgram } from '@penstock/terminal';

async function run(program: 'agent' | 'gateway', ...argv: readonly string[]) {
  let stderr = '';
  let exitCode = 0;
  const io: Io = {
    stdout: { write: () => undefined },
    stderr: { write: (text) => (stderr += text) },
    environment: {},
    setExitCode: (code) => {
      exitCode = code;
    },
  };
  await runProgram(await (program === 'agent' ? agentProgram : gatewayProgram)(io, process, argv), argv, io);
  return { stderr, exitCode };
}

const meant: readonly (readonly [program: 'agent' | 'gateway', word: string, suggestion: RegExp])[] = [
  ['agent', 'validate', /penstock-agent config validate/],
  ['gateway', 'validate', /penstock-gateway config validate/],
  ['agent', 'diff', /penstock-agent config diff/],
  ['agent', 'show', /penstock-agent config show\n {2}penstock-agent identity show/],
  ['gateway', 'publish', /penstock-gateway config publish/],
  ['gateway', 'pin', /penstock-gateway config pin/],
  ['gateway', 'drain', /penstock-gateway agent drain/],
  ['gateway', 'explain', /penstock-gateway connection explain/],
  ['gateway', 'agents', /penstock-gateway agent list/],
  ['agent', 'token', /It is a command of penstock-gateway: penstock-gateway token/],
  ['agent', 'connection', /penstock-gateway connection/],
  ['gateway', 'doctor', /It is a command of penstock-agent: penstock-agent doctor/],
  ['gateway', 'enroll', /penstock-agent enroll/],
  ['gateway', 'agnet', /Did you mean: penstock-gateway agent/],
  ['agent', 'valdiate', /penstock-agent config validate/],
  ['agent', 'start', /Did you mean: penstock-agent run/],
  ['agent', 'version', /penstock-agent --version/],
  ['agent', 'something', /Its commands are run, enroll/],
];

for (const [program, word, suggestion] of meant) {
  test(`penstock-${program} ${word} suggests what was meant`, async () => {
    const { stderr, exitCode } = await run(program, word, '--output', 'text', 'file.yaml');
    assert.match(stderr, suggestion);
    assert.equal(exitCode, 64);
  });
}

test('an error is JSON if JSON is asked for', async () => {
  for (const option of [['--output', 'json'], ['-o', 'json'], ['--output=json'], ['-ojson']]) {
    const { stderr, exitCode } = await run('gateway', 'agent', 'list', ...option);
    assert.equal(exitCode, 64);
    const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
    assert.match(String(error['message']), /PENSTOCK_TOKEN is not set/);
    assert.equal(error['exitCode'], 64);
    assert.ok(String(error['suggestion']).length > 10);
  }
});

test('an error of the command line itself is JSON if JSON is asked for', async () => {
  const wrong: readonly (readonly [argv: readonly string[], message: RegExp, suggestion?: RegExp])[] = [
    [['agent', 'list', '--outptu', 'x'], /unknown option '--outptu'/, /Did you mean --output\?/],
    [['agent', 'lst'], /unknown command 'lst'/, /list/],
    [['agent', 'show'], /missing required argument 'name'/],
    [['agent', 'list', 'more', 'words'], /too many arguments/],
    [['token', 'create'], /required option '--pool <pool>' not specified/],
    [['token', 'create', '--pool', 'dc1', '--uses', 'many'], /--uses/],
    [['admin-token', 'create', '--name', 'x', '--role', 'king'], /Allowed choices are viewer/],
    [['agent'], /unknown option '-o'/],
  ];
  for (const [argv, message, suggestion] of wrong) {
    const { stderr, exitCode } = await run('gateway', ...argv, '-o', 'json');
    const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
    assert.match(String(error['message']), message);
    assert.doesNotMatch(String(error['message']), /^error:|\n/);
    if (suggestion !== undefined) assert.match(String(error['suggestion']), suggestion);
    assert.deepEqual([exitCode, error['exitCode']], [64, 64]);
  }
  const text = await run('gateway', 'agent', 'show');
  assert.match(text.stderr, /^error: missing required argument 'name'\n/);
});
