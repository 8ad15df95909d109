import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunCommand } from '../src/index.ts';
import {
  shawlWords,
  type WindowsHost,
  type WindowsService,
  windowsInstallSteps,
  windowsState,
  windowsUninstallSteps,
  windowsWord,
} from '../src/windows/windows-service.ts';

// No Windows is here: these tests compare the exact commands, with a fake of sc.exe that has the state of one service.

const service: WindowsService = {
  program: 'penstock-agent',
  name: 'penstock-agent',
  config: String.raw`C:\ProgramData\Penstock\agent.yaml`,
  command: [String.raw`C:\Program Files\Penstock\penstock-agent.exe`],
  shawl: String.raw`C:\Program Files\Penstock\shawl.exe`,
  directory: String.raw`C:\ProgramData\Penstock\penstock-agent`,
  environment: {},
};

const SYSTEM32 = String.raw`C:\Windows\System32`;
const SC = String.raw`${SYSTEM32}\sc.exe`;
const on = (run: RunCommand): WindowsHost => ({ run, systemRoot: String.raw`C:\Windows` });
/** As sc.exe prints it; its words depend on the language. */
const stateLine = (number: number, title = 'STATE') =>
  `SERVICE_NAME: x\r\n        TYPE               : 10  WIN32_OWN_PROCESS\r\n        ${title}              : ${number}  X\r\n`;

const BINARY =
  String.raw`"C:\Program Files\Penstock\shawl.exe" run --name penstock-agent --cwd C:\ProgramData\Penstock\penstock-agent ` +
  String.raw`--restart-if 75,1 --stop-timeout 45000 --log-dir C:\ProgramData\Penstock\penstock-agent -- ` +
  String.raw`"C:\Program Files\Penstock\penstock-agent.exe" run --config C:\ProgramData\Penstock\agent.yaml`;

function fakeHost(state: string | undefined, binary = BINARY) {
  const run: RunCommand = (argv) => {
    if (argv[1] === 'query' && argv[2] === 'penstock-agent')
      return state === undefined
        ? { status: 1060, stdout: '[SC] EnumQueryServicesStatus:OpenService FAILED 1060:', stderr: '' }
        : { status: 0, stdout: stateLine(state === 'RUNNING' ? 4 : 1), stderr: '' };
    if (argv[1] === 'query')
      return { status: 0, stdout: `    ImagePath    REG_EXPAND_SZ    ${binary}\r\n`, stderr: '' };
    return { status: 0, stdout: '', stderr: '' };
  };
  return on(run);
}

const titles = (state: string | undefined, binary?: string) =>
  windowsInstallSteps(service, fakeHost(state, binary), true).map(({ title }) => title);

test('a new service is added by shawl, secured, and started', () => {
  assert.deepEqual(titles(undefined), [
    String.raw`create C:\ProgramData\Penstock\penstock-agent`,
    BINARY.replace('shawl.exe" run', 'shawl.exe" add'),
    String.raw`${SC} config penstock-agent start= auto obj= "NT SERVICE\penstock-agent" DisplayName= "Penstock agent"`,
    `${SC} sidtype penstock-agent unrestricted`,
    `${SC} failure penstock-agent reset= 86400 actions= restart/1000/restart/5000/restart/60000`,
    `${SC} failureflag penstock-agent 1`,
    String.raw`${SYSTEM32}\icacls.exe C:\ProgramData\Penstock\penstock-agent /setowner *S-1-5-32-544 /T`,
    String.raw`${SYSTEM32}\icacls.exe C:\ProgramData\Penstock\penstock-agent /reset /T`,
    String.raw`${SYSTEM32}\icacls.exe C:\ProgramData\Penstock\penstock-agent /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F /grant:r *S-1-5-32-544:(OI)(CI)F /grant:r "NT SERVICE\penstock-agent:(OI)(CI)M"`,
    `${SC} start penstock-agent`,
  ]);
});

test('a token is written when only the service can read its folder, and before it starts', () => {
  const steps = windowsInstallSteps({ ...service, token: 'pst_x' }, fakeHost(undefined), true).map(
    ({ title }) => title,
  );
  assert.deepEqual(steps.slice(-2), [
    String.raw`write C:\ProgramData\Penstock\penstock-agent\enrollment-token`,
    `${SC} start penstock-agent`,
  ]);
});

test('the state is read in every language', () => {
  const state = (stdout: string) =>
    windowsState(
      on(() => ({ status: 0, stdout, stderr: '' })),
      'x',
    );
  assert.equal(state(stateLine(4)), 'RUNNING');
  assert.equal(state(stateLine(3, 'ÉTAT')), 'STOP_PENDING');
  assert.equal(state('nothing'), 'UNKNOWN');
});

test('a service that is right is neither changed nor restarted, and one that is stopped is started', () => {
  assert.ok(!titles('RUNNING').some((title) => / add | binPath=|sc\.exe (stop|start) /.test(title)));
  assert.equal(titles('STOPPED').at(-1), `${SC} start penstock-agent`);
});

test('a half-installed service gets the right command line, and is restarted', () => {
  const steps = titles('RUNNING', String.raw`C:\old\shawl.exe run`);
  assert.equal(steps[1], `${SC} config penstock-agent binPath= ${windowsWord(BINARY)}`);
  assert.deepEqual(steps.slice(-2), [`${SC} stop penstock-agent`, `${SC} start penstock-agent`]);
});

test('it is removed, once and again', () => {
  const all = (state: string | undefined) =>
    windowsUninstallSteps('penstock-agent', fakeHost(state)).map(({ title }) => title);
  assert.deepEqual(all('RUNNING'), [`${SC} stop penstock-agent`, `${SC} delete penstock-agent`]);
  assert.deepEqual(all('STOPPED'), [`${SC} delete penstock-agent`]);
  assert.deepEqual(all(undefined), []);
});

test('a failing command stops the installation with what Windows printed', () => {
  const denied = { status: 5, stdout: 'Access is denied.', stderr: '' };
  const run: RunCommand = (argv) =>
    argv.includes('query') ? { status: 1060, stdout: '', stderr: '' } : denied;
  const added = windowsInstallSteps(service, on(run), true).find(({ title }) => title.includes(' add '));
  assert.throws(() => added?.run(), /failed: Access is denied\./);
  // A service that cannot be read is not taken for one that does not exist.
  assert.throws(
    () =>
      windowsInstallSteps(
        service,
        on(() => denied),
        true,
      ),
    /query penstock-agent failed: Access is denied\./,
  );
});

test('words are quoted as Windows programs parse them', () => {
  assert.deepEqual(['plain', '', 'a b', 'a"b', 'a b\\', '\\"'].map(windowsWord), [
    'plain',
    '""',
    '"a b"',
    String.raw`"a\"b"`,
    '"a b\\\\"',
    String.raw`"\\\""`,
  ]);
  assert.ok(shawlWords(service).includes('--'));
});
