import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';

/** Placed wherever people put secrets by mistake; must never be shown. */
const CANARY = 'c4n4ryS3cr3t';

const agentMistakes = {
  'a literal token': `identity:\n  enrollmentToken: ${CANARY}\n`,
  'a literal token with a typo beside it': `identity: {enrollmentToken: ${CANARY}, directry: x}\n`,
  'a token with a literal in front of a reference': `identity: {enrollmentToken: "${CANARY}-\${env:X}"}\n`,
  'a token as the default of a reference': `identity: {enrollmentToken: "\${env:X:-${CANARY}}"}\n`,
  'a token in a list': `identity: {enrollmentToken: [${CANARY}]}\n`,
  'a token over several lines': `identity:\n  enrollmentToken: |\n    ${CANARY}\n    ${CANARY}\n  x: 1\n`,
  'a password in a URL where no field is': `x: http://user:${CANARY}@proxy:3128\n`,
  'a password of its own making': `password: ${CANARY}\n`,
  'a secret below a key of its own making': `credentials: {user: {name: x, value: ${CANARY}}}\n`,
  'a password of a database in broken YAML': `x: {port: 1, MYSQL_PWD: ${CANARY}, directory: [}\n`,
  'an access key in broken YAML': `aws_access_key_id: ${CANARY}\nx: [}\n`,
  'an access key of its own making': `accessKeyId: ${CANARY}\n`,
  'a cookie and a data source of its own making': `cookie: ${CANARY}\ndsn: ${CANARY}\n`,
  'a token in broken YAML': `identity: {enrollmentToken: ${CANARY}, directory: [}\n`,
  'an unquoted reference with a default': `identity: {enrollmentToken: \${env:X:-${CANARY}}}\n`,
  'an unclosed quote': `identity:\n  enrollmentToken: "${CANARY}\n`,
  'a second value behind a quoted one': `identity:\n  enrollmentToken: "x" ${CANARY}\n`,
  'a tab before a token': `identity:\n\tenrollmentToken: ${CANARY}\n`,
  'an environment value': 'drain: {timeout: "${env:CANARY}"}\n',
  'a file': 'drain: {timeout: "${file:/canary}"}\n',
  'an environment value in an address': 'local: {listen: "127.0.0.1:${env:CANARY}"}\n',
};

const gatewayMistakes = {
  'a literal key': `tls:\n  certificate: x\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    ${CANARY}\n`,
  'a literal key in broken YAML': `tls:\n  key: |\n   -----BEGIN PRIVATE KEY-----\n   ${CANARY}\n  ]\n  "\n`,
  'a store with a password': `store: postgresql://a:${CANARY}@db/x\n`,
  'a database with a password': `store: {url: "postgresql://a:${CANARY}@db/x"}\n`,
  'a database with a password that ends the host': `store: {url: "postgresql://a:x?${CANARY}=1@db/x"}\n`,
  'a database with a password and a wrong field': `store: {url: "postgres//a:${CANARY}@db/x", pool: 1}\n`,
  'a store with a password behind the question mark': `store: postgresql://db/x?password=${CANARY}\n`,
  'a store with a password and a typo': `store: postgres//a:${CANARY}@db/x\n`,
  'a webhook': `receivers: [{name: ops, webhook: https://hooks.example.com/${CANARY}}]\n`,
};

const host = hostOf({ environment: { CANARY }, files: new Map([['/canary', CANARY]]) });

describe('no problem reveals a secret:', () => {
  for (const [mistake, more] of Object.entries(agentMistakes)) {
    test(mistake, () => reveals(parseAgentConfig(MINIMAL_AGENT + more, host)));
  }
  for (const [mistake, more] of Object.entries(gatewayMistakes)) {
    test(mistake, () => reveals(parseGatewayConfig(MINIMAL_GATEWAY + more, host)));
  }
});

describe('an excerpt', () => {
  test('contains no control characters and stays short', () => {
    const text = `${MINIMAL_AGENT}x: {"\\e[31m": 1, y: "\u{9b}31m ${'z'.repeat(5000)}", q: 1}\n`;
    const result = parseAgentConfig(text, host);
    assert.ok(!result.ok);
    for (const { excerpt, message, path } of result.problems) {
      assert.doesNotMatch(excerpt + message + path, /[^\n\P{Cc}]/u);
      assert.ok(excerpt.length < 300, String(excerpt.length));
    }
  });

  test('shows what only describes a secret, as reports and redaction do', () => {
    for (const text of [
      'tokenFile: /run/secrets/x\n',
      'PWD: /srv/app\n',
      'tokenFile: /run/secrets/x\ny: [}\n',
    ]) {
      const result = parseAgentConfig(MINIMAL_AGENT + text, host);
      assert.ok(!result.ok);
      assert.ok(!JSON.stringify(result.problems).includes('*'), JSON.stringify(result.problems));
    }
  });

  test('shows the relevant part of a long line', () => {
    const text = MINIMAL_AGENT.replace('pool: dc1', `pool: dc1 #${' '.repeat(50)}`).concat(
      `policy: {deny: [${'10.0.0.0/8, '.repeat(1)}${Array.from({ length: 40 }, (_, index) => `${index}.0.0.0/8`).join(', ')}, here]}\n`,
    );
    const result = parseAgentConfig(text, host);
    assert.ok(!result.ok);
    const problem = result.problems.find(({ code }) => code === 'INVALID_CIDR');
    const [line = '', carets = ''] = problem?.excerpt.split('\n') ?? [];
    assert.equal(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1), 'here');
  });
});

function reveals(result: ReturnType<typeof parseAgentConfig> | ReturnType<typeof parseGatewayConfig>): void {
  assert.ok(!result.ok);
  assert.ok(result.problems.length > 0);
  assert.ok(!JSON.stringify(result.problems).includes(CANARY), JSON.stringify(result.problems, undefined, 1));
}
