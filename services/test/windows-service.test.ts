import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunCommand } from '../src/index.ts';
import {
  shawlWords,
  type WindowsService,
  windowsInstallSteps,
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

const BINARY =
  String.raw`"C:\Program Files\Penstock\shawl.exe" run --name penstock-agent --cwd C:\ProgramData\Penstock\penstock-agent ` +
  String.raw`--restart-if 75,1 --stop-timeout 45000 --log-dir C:\ProgramData\Penstock\penstock-agent -- ` +
  String.raw`"C:\Program Files\Penstock\penstock-agent.exe" run --config C:\ProgramData\Penstock\agent.yaml`;

function fakeHost(state: string | undefined, binary = BINARY) {
  const calls: string[] = [];
  const run: RunCommand = (argv) => {
    const line = argv.map(windowsWord).join(' ');
    calls.push(line);
    if (argv[1] === 'query')
      return state === undefined
        ? { status: 1060, stdout: '[SC] EnumQueryServicesStatus:OpenService FAILED 1060:', stderr: '' }
        : {
            status: 0,
            stdout: `SERVICE_NAME: x\r\n        STATE              : 4  ${state}\r\n`,
            stderr: '',
          };
    if (argv[1] === 'qc')
      return { status: 0, stdout: `        BINARY_PATH_NAME   : ${binary}\r\n`, stderr: '' };
    return { status: 0, stdout: '', stderr: '' };
  };
  return { calls, run };
}

const titles = (state: string | undefined, binary?: string) =>
  windowsInstallSteps(service, fakeHost(state, binary).run, true).map(({ title }) => title);

test('a new service is added by shawl, secured, and started', () => {
  assert.deepEqual(titles(undefined), [
    BINARY.replace('shawl.exe" run', 'shawl.exe" add'),
    String.raw`sc.exe config penstock-agent start= auto obj= "NT SERVICE\penstock-agent" DisplayName= "Penstock agent"`,
    'sc.exe sidtype penstock-agent unrestricted',
    'sc.exe failure penstock-agent reset= 86400 actions= restart/1000/restart/5000/restart/60000',
    'sc.exe failureflag penstock-agent 1',
    String.raw`icacls.exe C:\ProgramData\Penstock\penstock-agent /inheritance:r /grant:r SYSTEM:(OI)(CI)F /grant:r Administrators:(OI)(CI)F /grant:r "NT SERVICE\penstock-agent:(OI)(CI)M"`,
    'sc.exe start penstock-agent',
  ]);
});

test('a service that is right is neither changed nor restarted, and one that is stopped is started', () => {
  assert.ok(!titles('RUNNING').some((title) => / add | binPath=|sc\.exe (stop|start) /.test(title)));
  assert.equal(titles('STOPPED').at(-1), 'sc.exe start penstock-agent');
});

test('a half-installed service gets the right command line, and is restarted', () => {
  const steps = titles('RUNNING', String.raw`C:\old\shawl.exe run`);
  assert.equal(steps[0], `sc.exe config penstock-agent binPath= ${windowsWord(BINARY)}`);
  assert.deepEqual(steps.slice(-2), ['sc.exe stop penstock-agent', 'sc.exe start penstock-agent']);
});

test('it is removed, once and again', () => {
  const all = (state: string | undefined) =>
    windowsUninstallSteps('penstock-agent', fakeHost(state).run).map(({ title }) => title);
  assert.deepEqual(all('RUNNING'), ['sc.exe stop penstock-agent', 'sc.exe delete penstock-agent']);
  assert.deepEqual(all('STOPPED'), ['sc.exe delete penstock-agent']);
  assert.deepEqual(all(undefined), []);
});

test('a failing command stops the installation with what Windows printed', () => {
  const run: RunCommand = () => ({ status: 5, stdout: 'Access is denied.', stderr: '' });
  const [first] = windowsInstallSteps(service, run, true);
  assert.throws(() => first?.run(), /failed: Access is denied\./);
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
