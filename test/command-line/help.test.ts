import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentProgram } from '@penstock/agent';
import { gatewayProgram } from '@penstock/gateway';
import { commandPages, type Io } from '@penstock/terminal';

const io: Io = {
  stdout: { write: () => undefined },
  stderr: { write: () => undefined },
  environment: {},
  setExitCode: () => undefined,
};
const programs = [await gatewayProgram(io, process), await agentProgram(io, process)];
const pages = programs.flatMap(commandPages);

test('every command of both programs has a description and an example', () => {
  assert.ok(pages.length >= 26, `${pages.length} commands`);
  for (const { path, description, examples } of pages) {
    assert.match(description, /^\S.{15,}[^.]$/, path);
    assert.ok(
      examples.some((line) => line.includes(path)),
      `${path} has the examples ${JSON.stringify(examples)}`,
    );
  }
});

test('every option and argument of both programs has a description', () => {
  for (const { path, arguments: words, options } of pages) {
    for (const { term, description } of [...words, ...options]) {
      assert.match(description, /^\S.{5,}/, `${path} ${term}`);
    }
  }
});

/** Commands without a result: services, health checks by exit code, and shell scripts. */
const WITHOUT_JSON = new Set([
  'penstock-agent run',
  'penstock-agent ready',
  'penstock-agent completion',
  'penstock-agent service install',
  'penstock-agent service uninstall',
  'penstock-agent upgrade now',
  'penstock-agent upgrade rollback',
  'penstock-gateway run',
  'penstock-gateway completion',
  'penstock-gateway service install',
  'penstock-gateway service uninstall',
]);

test('every command with a result supports JSON output', () => {
  const without = pages
    .filter(({ options }) => !options.some(({ term }) => term.includes('--output')))
    .map(({ path }) => path);
  assert.deepEqual(new Set(without), WITHOUT_JSON);
});
