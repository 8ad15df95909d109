import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RunCommand, windowsLayout } from '../src/index.ts';
import {
  isSameCommandLine,
  windowsCommandLine,
  windowsWord,
  windowsWords,
} from '../src/windows/command-line.ts';
import { type WindowsHost, WindowsServices } from '../src/windows/service-manager.ts';
import { updatedAgentSteps, updatedAgentUninstallSteps } from '../src/windows/updater-service.ts';
import {
  shawlWords,
  type WindowsService,
  windowsInstallSteps,
  windowsUninstallSteps,
} from '../src/windows/windows-service.ts';

// No Windows is here: these tests compare the exact commands, with a fake of sc.exe that has the state of one service.

const service: WindowsService = {
  name: 'penstock-agent',
  display: 'Penstock agent',
  command: [
    String.raw`C:\Program Files\Penstock\penstock-agent.exe`,
    'run',
    '--config',
    String.raw`C:\ProgramData\Penstock\agent.yaml`,
  ],
  shawl: String.raw`C:\Program Files\Penstock\shawl.exe`,
  directory: String.raw`C:\ProgramData\Penstock\penstock-agent`,
  environment: {},
  atBoot: 'now',
  account: 'own',
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
    if (argv[1] === 'query' && argv[2]?.startsWith('penstock-') === true)
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
  const query = (stdout: string) =>
    new WindowsServices(on(() => ({ status: 0, stdout, stderr: '' }))).query('x');
  const state = (stdout: string) => query(stdout)?.state;
  assert.equal(state(stateLine(4)), 'RUNNING');
  assert.equal(state(stateLine(3, 'ÉTAT')), 'STOP_PENDING');
  assert.equal(state('nothing'), 'UNKNOWN');
  const ended = (code: number) =>
    query(`${stateLine(1)}        CODE : ${code}  (0x${code.toString(16)})\r\n        OTHER : 0  (0x0)\r\n`);
  assert.equal(ended(1066)?.exitCode, 1066);
  assert.equal(ended(1077)?.exitCode, 0, 'one that was never started has not failed');
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
  const all = ['plain', '', 'a b', 'a"b', 'a b\\', '\\"', String.raw`C:\x y\z`, String.raw`\\?\C:\x`];
  assert.deepEqual(windowsWords(all.map(windowsWord).join(' ')), all);
});

test('a service is right as shawl writes it, with its options in another order and folders without a limit of length', () => {
  const written =
    String.raw`"C:\Program Files\Penstock\shawl.exe" run --name penstock-agent --stop-timeout 45000 --restart-if 75,1 ` +
    String.raw`--cwd \\?\C:\ProgramData\Penstock\penstock-agent --log-dir \\?\C:\ProgramData\Penstock\penstock-agent -- ` +
    String.raw`"C:\Program Files\Penstock\penstock-agent.exe" run --config C:\ProgramData\Penstock\agent.yaml`;
  assert.ok(isSameCommandLine(written, BINARY));
  assert.ok(!isSameCommandLine(written.replace('45000', '3000'), BINARY));
  assert.ok(!isSameCommandLine(written.replace('agent.yaml', 'other.yaml'), BINARY));
  assert.ok(!titles('RUNNING', written).some((title) => title.includes('binPath=')));
  assert.deepEqual(windowsCommandLine(written.replace(' -- ', ' --env "A=b=c d" -- ')), {
    directory: service.directory,
    environment: { A: 'b=c d' },
    command: service.command,
  });
  assert.equal(windowsCommandLine(String.raw`C:\Windows\System32\svchost.exe -k netsvcs`), undefined);
});

const layout = windowsLayout({});
const updated = (host: WindowsHost) =>
  updatedAgentSteps(
    {
      layout,
      agent: { ...service, config: String.raw`C:\ProgramData\Penstock\agent.yaml` },
      version: '1.0.0',
      executable: String.raw`C:\downloads\agent.exe`,
      shawl: String.raw`C:\downloads\shawl.exe`,
      start: true,
    },
    host,
  ).map(({ title }) => title);

test('an agent is installed with its updater, from a folder that its account cannot change', () => {
  const steps = updated(fakeHost(undefined));
  const find = (part: string) => steps.findIndex((title) => title.includes(part));
  const icacls = String.raw`icacls.exe "C:\Program Files\Penstock" /inheritance:r`;
  assert.ok(
    steps.includes(
      `${SYSTEM32}\\${icacls} /grant:r *S-1-5-18:(OI)(CI)F /grant:r *S-1-5-32-544:(OI)(CI)F /grant:r *S-1-5-32-545:(OI)(CI)RX`,
    ),
  );
  assert.ok(
    steps.includes(
      `${SC} config penstock-updater start= auto obj= LocalSystem DisplayName= "Penstock updater"`,
    ),
  );
  assert.ok(
    steps.includes(
      String.raw`${SC} config penstock-agent start= delayed-auto obj= "NT SERVICE\penstock-agent" DisplayName= "Penstock agent"`,
    ),
  );
  const order = [
    'copy C:',
    'add --name penstock-updater',
    'add --name penstock-agent',
    icacls,
    'sc.exe start penstock-updater',
    'sc.exe start penstock-agent',
  ].map(find);
  assert.ok(!order.includes(-1));
  assert.deepEqual(
    order,
    [...order].sort((one, other) => one - other),
  );
  const added = steps[find('add --name penstock-agent')] ?? '';
  assert.match(added, /current.penstock-agent\.exe" run --config/);
  assert.match(added, /--env "PENSTOCK_UPGRADER=C:\\Program Files\\Penstock\\updater"/);
});

test('the updater is removed with the last agent', () => {
  const removed = (names: readonly string[]) => {
    const fake = fakeHost('STOPPED');
    const run: RunCommand = (argv) => {
      if (argv[1] === 'query' && argv[2] === 'penstock-updater')
        return { status: 0, stdout: stateLine(1), stderr: '' };
      const isList = argv[1] === 'query' && argv.length === 3 && argv[2]?.endsWith('Services') === true;
      const stdout = names.map((name) => `HKEY_LOCAL_MACHINE\\SYSTEM\\Services\\${name}\r\n`).join('');
      return isList ? { status: 0, stdout, stderr: '' } : fake.run(argv);
    };
    return updatedAgentUninstallSteps('penstock-agent', on(run)).map(({ title }) => title);
  };
  assert.deepEqual(removed(['Spooler', 'penstock-agent', 'penstock-updater']), [
    `${SC} delete penstock-updater`,
    `${SC} delete penstock-agent`,
  ]);
  assert.deepEqual(removed(['penstock-agent', 'penstock-agent-dmz', 'penstock-updater']), [
    `${SC} delete penstock-agent`,
  ]);
});
