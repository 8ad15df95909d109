import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentProgram } from '@penstock/agent';
import { gatewayProgram } from '@penstock/gateway';
import type { Io } from '@penstock/terminal';

const ROOT = join(import.meta.dirname, '../..');

/** Prints the URL of every module that is loaded, on standard error. */
const LISTING = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  import { writeSync } from 'node:fs';
  registerHooks({ load(url, context, next) { writeSync(2, 'loads ' + url + '\\n'); return next(url, context); } });
`)}`;

/** The modules that a command loads, from the root of the tree. */
function loadedBy(program: 'agent' | 'gateway', ...argv: readonly string[]): string[] {
  const bin = join(ROOT, program, 'bin', `penstock-${program}.js`);
  // Nothing listens there.
  const env = {
    ...process.env,
    PENSTOCK_TOKEN: 'x',
    PENSTOCK_URL: 'http://127.0.0.1:1',
    NODE_NO_WARNINGS: '1',
  };
  const { stderr: printed } = spawnSync(process.execPath, ['--import', LISTING, bin, ...argv], {
    encoding: 'utf8',
    env,
  });
  const urls = [...printed.matchAll(/^loads file:\/\/(\S+)/gm)].map(([, path = '']) =>
    path.replace(`${ROOT}/`, ''),
  );
  assert.ok(urls.length > 5, printed);
  return urls;
}

const within = (urls: readonly string[], ...folders: readonly string[]) =>
  urls.filter((url) => folders.some((folder) => url.startsWith(`${folder}/`)));

const HEAVY = [
  'node_modules/typebox',
  'node_modules/ajv',
  'node_modules/yaml',
  'store',
  'control-plane',
  'transport',
];

for (const program of ['agent', 'gateway'] as const) {
  for (const option of ['--version', '--help', 'help']) {
    test(`penstock-${program} ${option} loads no schema, no store and no command`, () => {
      const loaded = loadedBy(program, option);
      assert.deepEqual(within(loaded, ...HEAVY), []);
      assert.deepEqual(
        loaded.filter(
          (url) => url.endsWith('-command.ts') && !/(?:completion|load-config|self-check)-command/.test(url),
        ),
        [],
      );
    });
  }
}

/** Each module costs about half a millisecond. With typebox, ajv and the configuration schema, there were 779. */
const MAX_MODULES = 220;

for (const command of ['agent list', 'connection explain orders', 'alert list', 'pool list', 'grant list']) {
  test(`penstock-gateway ${command} loads no library of schemas, no store, no control plane, and few modules`, () => {
    const loaded = loadedBy('gateway', ...command.split(' '));
    assert.deepEqual(
      within(loaded, ...HEAVY, 'observe', 'config-schema/src/schema', 'config-schema/src/yaml'),
      [],
    );
    assert.ok(within(loaded, 'operator/src').length > 5, loaded.join('\n'));
    assert.ok(loaded.length <= MAX_MODULES, `${loaded.length} modules`);
  });
}

const io: Io = {
  stdout: { write: () => undefined },
  stderr: { write: () => undefined },
  environment: {},
  setExitCode: () => undefined,
};

for (const [name, program] of [
  ['agent', agentProgram],
  ['gateway', gatewayProgram],
] as const) {
  test(`penstock-${name} lists every command with its own description`, async () => {
    const listed = await program(io, process, []);
    const loaded = await program(io, process);
    const described = ({ commands }: typeof listed) =>
      commands.map((each) => [each.name(), each.description()]);
    assert.deepEqual(described(listed), described(loaded));
  });
}
