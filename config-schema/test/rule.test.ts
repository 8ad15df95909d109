import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { parseDatabaseUrl } from '../src/field/database-url.ts';
import { parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { showConfig } from '../src/show.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';
import { keyPair } from './rig/valid-file.ts';

const nothing = hostOf({ environment: {}, files: new Map() });

function gatewayProblems(more: string, options = nothing): string[] {
  const result = parseGatewayConfig(MINIMAL_GATEWAY + more, options);
  return result.ok ? [] : result.problems.map(({ code, path }) => `${code} ${path}`);
}

function connection(name: string, tcp: string): string {
  return `  - {name: ${name}, connector: x, pools: [dc1], ingress: [{tcp: "${tcp}", allow: [10.0.0.0/8]}]}\n`;
}

describe('listeners', () => {
  test('conflict if one listens on all addresses, and with the gateway itself', () => {
    assert.deepEqual(gatewayProblems(connection('a', '[::1]:15432')), [
      'ADDRESS_CONFLICT connections[a].ingress[#1].tcp',
    ]);
    assert.deepEqual(gatewayProblems(connection('a', '127.0.0.1:8080')), [
      'ADDRESS_CONFLICT connections[a].ingress[#1].tcp',
    ]);
    assert.deepEqual(gatewayProblems(connection('a', '10.0.0.1:8443')), [
      'ADDRESS_CONFLICT connections[a].ingress[#1].tcp',
    ]);
    assert.deepEqual(gatewayProblems('listen: {admin: "127.0.0.1:15432"}\n'), [
      'ADDRESS_CONFLICT connections[orders].ingress[#1].tcp',
    ]);
  });

  test('may share a port on different addresses, and port 0 any number of times', () => {
    const two = connection('a', '127.0.0.1:9') + connection('b', '127.0.0.2:9');
    assert.deepEqual(gatewayProblems(two), []);
    assert.deepEqual(gatewayProblems(connection('a', '127.0.0.1:0') + connection('b', '127.0.0.1:0')), []);
  });
});

describe('names', () => {
  test('of pools are not checked if one of them is unknown', () => {
    const text = MINIMAL_GATEWAY.replace('name: dc1', 'name: ${env:POOL}');
    const result = parseGatewayConfig(text, nothing);
    assert.deepEqual(result.ok ? [] : result.problems.map(({ code }) => code), ['ENVIRONMENT_MISSING']);
    const resolved = parseGatewayConfig(text, hostOf({ environment: { POOL: 'dc1' }, files: new Map() }));
    assert.ok(resolved.ok);
  });

  test('are compared after references are resolved', () => {
    const more = '  - {name: "orders-${env:KIND}", kind: tcp, address: a:1}\n';
    const result = parseAgentConfig(
      MINIMAL_AGENT + more,
      hostOf({ environment: { KIND: 'db' }, files: new Map() }),
    );
    assert.deepEqual(result.ok ? [] : result.problems.map(({ code }) => code), ['DUPLICATE_NAME']);
  });
});

test('names that differ only in case are duplicates in every list', () => {
  const connector = '  - {name: Orders-DB, kind: tcp, address: a:1}\n';
  const result = parseAgentConfig(MINIMAL_AGENT + connector, nothing);
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems.map(({ code, path, message }) => `${code} ${path} ${message}`),
    [
      'DUPLICATE_NAME connectors[Orders-DB].name `connectors[Orders-DB].name` differs only in case from `orders-db`: #1 and #2 of `connectors`.',
    ],
  );
  const pools = MINIMAL_GATEWAY.replace('  - name: dc1\n', '  - name: dc1\n  - name: DC1\n');
  for (const text of [pools, MINIMAL_GATEWAY + connection('Orders', '127.0.0.1:9')]) {
    const gateway = parseGatewayConfig(text, nothing);
    assert.deepEqual(gateway.ok ? [] : gateway.problems.map(({ code }) => code), ['DUPLICATE_NAME']);
  }
});

test('a field in the wrong group is reported with the group that has it', () => {
  const suggestions = (text: string) => {
    const result = parseAgentConfig(text, nothing);
    return result.ok ? [] : result.problems.map(({ code, suggestion }) => `${code} ${suggestion}`);
  };
  const expected: readonly (readonly [string, RegExp])[] = [
    [
      'directory: /data\n',
      /^UNKNOWN_KEY `directory` is a field of `identity`; move it there\. Possible fields: /,
    ],
    ['sessions: 4\n', /^UNKNOWN_KEY `sessions` is a field of `gateway`; move it there\./],
    ['identity: {cacheTtl: 1s}\n', /^UNKNOWN_KEY `cacheTtl` is a field of `dns`; move it there\./],
    [
      'dns: {name: a}\n',
      /^UNKNOWN_KEY `name` is a field of the file itself and `connectors\[\]`; move it there\./,
    ],
    ['frobnicate: 1\n', /^UNKNOWN_KEY Possible fields: apiVersion, /],
  ];
  for (const [text, suggestion] of expected) {
    const [first = '', ...more] = suggestions(MINIMAL_AGENT.replace(/^connectors:/m, `${text}connectors:`));
    assert.match(first, suggestion);
    assert.deepEqual(more, []);
  }
});

test('a key must match its certificate', async () => {
  const other = await (await TestAuthority.create('other')).issue({ commonName: 'other' });
  const tls = 'tunnelTls: {certificate: "${env:CERTIFICATE}", key: "${env:KEY}"}\n';
  const host = (KEY: string) =>
    hostOf({ environment: { CERTIFICATE: keyPair.chain, KEY }, files: new Map() });
  assert.deepEqual(gatewayProblems(tls, host(keyPair.key)), []);
  assert.deepEqual(gatewayProblems(tls, host(other.key)), ['INCONSISTENT tunnelTls.key']);
});

test('dependent durations must be in order, including defaults', () => {
  assert.deepEqual(gatewayProblems('dial: {attemptTimeout: 11s}\n'), ['INCONSISTENT dial.attemptTimeout']);
  assert.deepEqual(gatewayProblems('dial: {totalTimeout: 4s}\n'), ['INCONSISTENT dial.attemptTimeout']);
  assert.deepEqual(gatewayProblems('health: {heartbeatInterval: 2m}\n'), [
    'INCONSISTENT health.heartbeatInterval',
  ]);
});

test('all problems are reported together, in the order of the file, each once', () => {
  const text = `apiVersion: penstock/v1
kind: Agent
version: 0
nam: a
pool: \${env:POOL}
gateway:
  url: https://gateway
  pins: [short]
  sessions: many
connectors:
  - {name: a, kind: postgres, address: a}
  - {name: a, kind: tcp}
identity: {enrollmentToken: literal}
policy:
`;
  const result = parseAgentConfig(text, nothing);
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems.map(({ code, line }) => `${line} ${code}`),
    [
      '3 OUT_OF_RANGE',
      '4 UNKNOWN_KEY',
      '5 ENVIRONMENT_MISSING',
      '8 INVALID_PIN',
      '9 WRONG_TYPE',
      '11 NOT_ALLOWED_VALUE',
      '11 INVALID_ADDRESS',
      '12 MISSING_KEY',
      '12 DUPLICATE_NAME',
      '13 SECRET_LITERAL',
      '14 WRONG_TYPE',
    ],
  );
});

test('a missing part of the header is reported together with the other problems', () => {
  const result = parseAgentConfig('kind: Agent\nversion: 1\n', nothing);
  assert.ok(!result.ok);
  assert.deepEqual(result.problems.map(({ code, path }) => `${code} ${path}`).toSorted(), [
    'API_VERSION_UNSUPPORTED apiVersion',
    'MISSING_KEY connectors',
    'MISSING_KEY gateway',
    'MISSING_KEY name',
    'MISSING_KEY pool',
  ]);
});

test('a file that is not for Penstock is reported without its contents', () => {
  const line = (index: number) => `setting-${index}: value-${index}\n`;
  const others = Array.from({ length: 50 }, (_, index) => line(index)).join('');
  for (const head of ['', 'apiVersion: v1\nkind: Pod\n']) {
    const result = parseAgentConfig(head + others + line(7), nothing);
    assert.ok(!result.ok);
    assert.deepEqual(
      result.problems.map(({ code, path }) => `${code} ${path}`),
      ['API_VERSION_UNSUPPORTED apiVersion', 'WRONG_KIND kind'],
    );
    assert.ok(!JSON.stringify(result.problems).includes('value-1'));
  }
});

test('a database is configured by references, of which nothing is shown', () => {
  const host = hostOf({ environment: { STORE: 'postgres://a:c4n4ry@db/x' }, files: new Map() });
  const result = parseGatewayConfig(`${MINIMAL_GATEWAY}store: {url: "\${env:STORE}", timeout: 3s}\n`, host);
  assert.ok(result.ok);
  const { store } = result.config;
  assert.deepEqual(
    [store?.url.reveal(), store?.poolSize, store?.timeout],
    ['postgres://a:c4n4ry@db/x', 10, 3000],
  );
  assert.match(
    showConfig(result.config),
    /^store:\n {2}url: "?\$\{env:STORE\}"?\n {2}poolSize: 10\n {2}timeout: 3s\n/m,
  );
});

test('a database that cannot be used is rejected, even as a reference, without repeating its URL', () => {
  for (const url of [
    'postgres://a:c4n4ry@db',
    'postgres://a:c4n4ry@db/x?sslmode=prefer',
    'postgres://a:x?c4n4ry=1@db/x',
    'mysql://a:c4n4ry@db/x',
  ]) {
    const host = hostOf({ environment: { STORE: url }, files: new Map() });
    const result = parseGatewayConfig(`${MINIMAL_GATEWAY}store: {url: "\${env:STORE}"}\n`, host);
    assert.ok(!result.ok);
    assert.deepEqual(
      result.problems.map(({ code, path }) => `${code} ${path}`),
      ['INVALID_URL store.url'],
    );
    assert.ok(!JSON.stringify(result.problems).includes('c4n4ry'), url);
  }
});

test('a database on another host must prove its name unless sslmode says otherwise', () => {
  const modeOf = (url: string) => {
    const result = parseDatabaseUrl(url);
    return result.ok ? result.value.tls.mode : result.code;
  };
  assert.equal(modeOf('postgresql://a@db.example.com/x'), 'verify-full');
  assert.equal(modeOf('postgresql://a@db.example.com/x?sslmode=require'), 'require');
  assert.equal(modeOf('postgresql://a@127.0.0.1/x'), 'disable');
  assert.equal(modeOf('postgresql://a@[::1]/x'), 'disable');
  assert.equal(modeOf('postgresql://a@127.0.0.1.example.com/x'), 'verify-full');
  assert.equal(modeOf('postgresql:///x?host=/run/postgresql&user=a'), 'disable');
});

test('keys that are special in JavaScript are not special here', () => {
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const result = parseAgentConfig(`${MINIMAL_AGENT}${key}: {name: x}\nlog: {${key}: 1}\n`, nothing);
    assert.deepEqual(result.ok ? [] : result.problems.map(({ code, path }) => `${code} ${path}`), [
      `UNKNOWN_KEY ${key}`,
      `UNKNOWN_KEY log.${key}`,
    ]);
  }
});

describe('a replica', () => {
  const store = 'store: {url: "postgresql://penstock@db.example/penstock"}\n';

  test('says where the others reach it', () => {
    const problems = gatewayProblems(`${store}cluster: {listen: "0.0.0.0:8444"}\n`);
    assert.deepEqual(problems, ['INCONSISTENT cluster.listen']);
    assert.deepEqual(gatewayProblems(`${store}cluster: {}\n`), ['INCONSISTENT cluster.listen']);
    const advertised = 'cluster: {listen: "0.0.0.0:8444", advertise: "10.0.0.1:8444"}\n';
    assert.deepEqual(gatewayProblems(store + advertised), []);
  });
});
