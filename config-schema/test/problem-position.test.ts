import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ParseOptions, parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { type ConfigProblemCode, configProblemCodes } from '../src/problem.ts';
import { ReadFileError } from '../src/reference/read-text-file.ts';
import { hostOf } from './rig/host-of.ts';
import { type MarkedText, marked } from './rig/marked-text.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY, PIN } from './rig/minimal-file.ts';
import { keyPair } from './rig/valid-file.ts';

type Case = {
  readonly code: ConfigProblemCode;
  readonly path: string;
  readonly source: MarkedText;
  readonly suggests?: string;
  readonly gateway?: true;
};

/** The minimal agent.yaml with text appended. */
const agent = (code: ConfigProblemCode, path: string, more: string, suggests?: string): Case => ({
  code,
  path,
  source: marked(MINIMAL_AGENT + more),
  ...(suggests === undefined ? {} : { suggests }),
});

/** The minimal agent.yaml with one part changed. */
const changed = (
  code: ConfigProblemCode,
  path: string,
  from: string,
  to: string,
  suggests?: string,
): Case => {
  assert.ok(MINIMAL_AGENT.includes(from), from);
  const source = marked(MINIMAL_AGENT.replace(from, to));
  return { code, path, source, ...(suggests === undefined ? {} : { suggests }) };
};

/** The minimal gateway.yaml with text appended. */
const gateway = (code: ConfigProblemCode, path: string, more: string, suggests?: string): Case => ({
  ...agent(code, path, more, suggests),
  source: marked(MINIMAL_GATEWAY + more),
  gateway: true,
});

const cases: readonly Case[] = [
  changed('YAML_SYNTAX', '', 'pool: dc1', 'pool: dc1\n«\t»x: 1'),
  agent('YAML_LIMIT', '', `policy:\n  deny: ${'['.repeat(39)}«[]»${']'.repeat(39)}\n`),
  agent('YAML_SYNTAX', '', 'identity: {directory: «${env:THREE}»}\n', 'quotes'),
  agent('MULTIPLE_DOCUMENTS', '', '«-»--\na: 1\n'),
  { code: 'NOT_A_MAPPING', path: '', source: marked('«- apiVersion: penstock/v1»\n') },
  changed('DUPLICATE_KEY', 'pool', 'pool: dc1', 'pool: dc1\n«pool»: dc2'),
  changed('API_VERSION_UNSUPPORTED', 'apiVersion', 'penstock/v1', '«penstock/v9»', 'penstock/v1'),
  changed('WRONG_KIND', 'kind', 'Agent', '«Gateway»', 'penstock-gateway'),
  changed(
    'UNKNOWN_KEY',
    'connectors[orders-db].adress',
    'kind: postgresql',
    'kind: postgresql, «adress»: a',
    'address',
  ),
  changed(
    'MISSING_KEY',
    'gateway.pins',
    `gateway:\n  url: https://gateway.example.com:8443\n  pins: [${PIN}]`,
    '«gateway»:\n  url: https://gateway.example.com:8443',
  ),
  agent('WRONG_TYPE', 'health.sample', 'health: {sample: «cpu»}\n', '['),
  agent('NOT_ALLOWED_VALUE', 'log.level', 'log:\n  level: «inof»\n', 'info'),
  agent('OUT_OF_RANGE', 'dns.cacheTtl', 'dns: {cacheTtl: «2d»}\n', '1d'),
  agent('EMPTY_VALUE', 'identity.directory', 'identity: {directory: «""»}\n'),
  changed('EMPTY_LIST', 'gateway.pins', `pins: [${PIN}]`, '«pins»: []'),
  changed('TOO_MANY_ITEMS', 'gateway.pins', `pins: [${PIN}]`, `«pins»: [${manyPins(21)}]`, '20'),
  changed('DUPLICATE_ITEM', 'gateway.pins', `pins: [${PIN}]`, `«pins»: [${PIN}, ${PIN}]`),
  agent('DUPLICATE_NAME', 'connectors[orders-db].name', '  - {name: «orders-db», kind: tcp, address: a:1}\n'),
  changed('INVALID_NAME', 'pool', 'dc1', '«dc 1»'),
  agent('INVALID_DURATION', 'drain.timeout', 'drain:\n  timeout: «30»\n', '30s'),
  agent('INVALID_SIZE', 'tunnel.memoryBudget', 'tunnel: {memoryBudget: «64MB»}\n', '256MiB'),
  changed('INVALID_ADDRESS', 'connectors[orders-db].address', 'orders.internal:5432', '«orders.internal»'),
  agent('INVALID_CIDR', 'policy.deny[#2]', 'policy: {deny: [10.0.0.0/8, «10.1.2.3/8»]}\n'),
  changed('INVALID_PIN', 'gateway.pins[#1]', PIN, '«sha256/AAAA»', 'penstock-gateway init'),
  changed('INVALID_URL', 'gateway.url', 'https://gateway.example.com:8443', '«http://gateway.example.com»'),
  agent('INVALID_PROBE_RULE', 'policy.probe.allow[#1]', 'policy: {probe: {allow: [«"*.internal"»]}}\n'),
  gateway('INVALID_PEM', 'tunnelTls.certificate', 'tunnelTls: {certificate: «none», key: "${env:KEY}"}\n'),
  changed('REFERENCE_SYNTAX', 'name', 'agent-1', 'agent-«${HOSTNAME}»', '${env:HOSTNAME}'),
  changed('REFERENCE_NOT_ALLOWED', 'version', 'version: 3', 'version: «${env:THREE}»'),
  changed('ENVIRONMENT_MISSING', 'name', 'agent-1', 'agent-${env:THREE}-«${env:NOWHERE}»', 'NOWHERE'),
  agent('REFERENCED_FILE_MISSING', 'identity.directory', 'identity: {directory: "«${file:folder}»"}\n'),
  agent(
    'REFERENCED_FILE_UNREADABLE',
    'identity.enrollmentToken',
    'identity: {enrollmentToken: "«${file:/forbidden}»"}\n',
  ),
  agent(
    'SECRET_LITERAL',
    'identity.enrollmentToken',
    'identity:\n  enrollmentToken: «pst_1234»\n',
    '${file:',
  ),
  agent(
    'INVALID_SECRET',
    'identity.enrollmentToken',
    'identity: {enrollmentToken: «"${env:SPLIT}"»}\n',
    'one line',
  ),
  gateway(
    'CREDENTIALS_IN_URL',
    'store.url',
    'store: {url: «"postgresql://penstock:pst_1234@db/penstock"»}\n',
    '${env:',
  ),
  gateway(
    'UNKNOWN_POOL',
    'connections[stock].pools[#2]',
    connection('stock', '[dc1, «dc11»]', '127.0.0.1:1'),
    'dc1',
  ),
  gateway('INVALID_TIME', 'windows[a].start', 'windows: [{name: a, start: «"2:00"»}]\n', '02:00'),
  gateway(
    'INVALID_DATE',
    'freezes[a].from',
    'freezes: [{name: a, from: «2026-02-30», to: 2026-03-01}]\n',
    '2026-12-28',
  ),
  gateway(
    'INVALID_TIME_ZONE',
    'windows[a].timeZone',
    'windows: [{name: a, start: "02:00", timeZone: «Europe/Nowhere»}]\n',
    'Europe/Berlin',
  ),
  {
    code: 'UNKNOWN_WINDOW',
    path: 'pools[dc1].upgrade.window',
    suggests: 'night',
    gateway: true,
    source: marked(
      `${MINIMAL_GATEWAY.replace('- name: dc1', '- name: dc1\n    upgrade: {window: «nigth»}')}windows: [{name: night, start: "02:00"}]\n`,
    ),
  },
  gateway(
    'UNKNOWN_RECEIVER',
    'alerts[#1].receivers[#1]',
    'alerts: [{condition: agent-stale, receivers: [«ops»]}]\n',
  ),
  gateway(
    'ADDRESS_CONFLICT',
    'connections[stock].ingress[#1].tcp',
    connection('stock', '[dc1]', '«127.0.0.1:15432»'),
  ),
  gateway('WRONG_TYPE', 'store', 'store: «postgresql://penstock@db/penstock»\n', 'url, directUrl'),
  gateway('INVALID_URL', 'store.url', 'store: {url: «mysql://db/penstock»}\n', 'postgresql://'),
  agent('YAML_SYNTAX', '', 'policy:\n  deny: «[»10.0.0.0/8, "]"\n', '`]`'),
  agent('YAML_SYNTAX', '', 'log: «{»level: info\nhealth: {interval: 5s}\n', '`}`'),
  agent('INCONSISTENT', 'tunnel.reconnect.base', 'tunnel:\n  reconnect: {base: «40s»}\n'),
];

const host: ParseOptions = {
  ...hostOf({ environment: { THREE: '3', SPLIT: 'a\nb', KEY: keyPair.key }, files: new Map() }),
  readFile: (path) => {
    throw new ReadFileError(path === '/forbidden' ? 'forbidden' : 'missing');
  },
};

describe('every kind of problem', () => {
  for (const { code, path, source, suggests, gateway: isGateway } of cases) {
    test(`${code} at ${path}, line ${source.line}`, () => {
      const parse = isGateway === true ? parseGatewayConfig : parseAgentConfig;
      const result = parse(source.text, { ...host, file: 'file.yaml' });
      assert.ok(!result.ok);
      const found = result.problems.map(({ excerpt: _, message: __, suggestion: ___, ...place }) => place);
      const { line, column, length } = source;
      assert.deepEqual(found, [{ code, file: 'file.yaml', line, column, length, path }]);
      const [problem] = result.problems;
      assert.match(problem?.message ?? '', /\.$/);
      assert.ok(problem?.suggestion.includes(suggests ?? ''));
      const [, carets] = problem?.excerpt.split('\n') ?? [];
      assert.equal(carets?.trimStart(), `| ${' '.repeat(column - 1)}${'^'.repeat(length)}`);
    });
  }

  test('is tested here or with the files it concerns', () => {
    const elsewhere = [
      'FILE_UNREADABLE',
      'FILE_TOO_LARGE',
      'MORE_PROBLEMS',
      'LOCAL_PIN',
      'UNKNOWN_CONNECTOR',
    ];
    const tested = new Set([...cases.map(({ code }): string => code), ...elsewhere]);
    assert.deepEqual([...tested].toSorted(), Object.keys(configProblemCodes).toSorted());
  });
});

function manyPins(count: number): string {
  const hash = (index: number) => Buffer.alloc(32, index).toString('base64');
  return Array.from({ length: count }, (_, index) => `sha256/${hash(index)}`).join(', ');
}

function connection(name: string, pools: string, tcp: string): string {
  return `  - name: ${name}
    connector: stock
    pools: ${pools}
    ingress: [{tcp: "${tcp}", allow: [10.0.0.0/8]}]
`
    .replace('"«', '«')
    .replace('»"', '»');
}
