import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { escapeTemplate, parseTemplate } from '../src/reference/template.ts';
import { showConfig } from '../src/show.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';

const environment = { SET: 'set', EMPTY: '', NUMBER: '3', DIGITS: '12345', REFERENCE: '${env:SET}' };
const files = new Map([
  ['/run/name', 'from-file\n'],
  ['/run/lines', 'a\r\n\r\n'],
  ['/etc/penstock/near', 'near'],
  ['/run/empty', '\n'],
]);
const host = hostOf({ environment, files });

/** Returns the agent's name, or the codes of the problems. */
function nameOf(written: string): unknown {
  const result = parseAgentConfig(MINIMAL_AGENT.replace('agent-1', JSON.stringify(written)), host);
  return result.ok ? result.config.name : result.problems.map(({ code }) => code);
}

describe('a reference', () => {
  test('resolves to the value of an environment variable, alone or within text', () => {
    assert.equal(nameOf('${env:SET}'), 'set');
    assert.equal(nameOf('a-${env:SET}-b-${env:NUMBER}'), 'a-set-b-3');
  });

  test('resolves to the text of a file without trailing line breaks', () => {
    assert.equal(nameOf('${file:/run/name}'), 'from-file');
    assert.equal(nameOf('${file:/run/lines}'), 'a');
    assert.equal(nameOf('${file:near}'), 'near');
    assert.equal(nameOf('${file:../../run/name}'), 'from-file');
  });

  test('resolves to its default if the variable is unset or empty', () => {
    assert.equal(nameOf('${env:UNSET:-other}'), 'other');
    assert.equal(nameOf('${env:EMPTY:-other}'), 'other');
    assert.equal(nameOf('${env:SET:-other}'), 'set');
    assert.equal(nameOf('a${env:UNSET:-}b'), 'ab');
    assert.equal(nameOf('${env:UNSET:-a:-b}'.replace(':-b', '-b')), 'a-b');
  });

  test('without a value is an error that names it', () => {
    assert.deepEqual(nameOf('${env:UNSET}'), ['ENVIRONMENT_MISSING']);
    assert.deepEqual(nameOf('${env:toString}'), ['ENVIRONMENT_MISSING']);
    assert.deepEqual(nameOf('${env:EMPTY}'), ['INVALID_NAME']);
    assert.deepEqual(nameOf('${file:/run/none}'), ['REFERENCED_FILE_MISSING']);
    assert.deepEqual(nameOf('${env:A}${env:B}${file:c}'), [
      'ENVIRONMENT_MISSING',
      'ENVIRONMENT_MISSING',
      'REFERENCED_FILE_MISSING',
    ]);
  });

  test('is not resolved in the value of another reference', () => {
    assert.deepEqual(nameOf('${env:REFERENCE}'), ['INVALID_NAME']);
  });

  test('that is malformed is an error', () => {
    for (const written of [
      '${SET}',
      '${env:}',
      '${env:1X}',
      '${env:A-B}',
      '${vault:x}',
      '${file:}',
      '${}',
      '${env:SET',
      '${env:A:-${env:SET}}',
      '${ENV:SET}',
    ]) {
      const codes = nameOf(written);
      assert.ok(Array.isArray(codes) && codes.includes('REFERENCE_SYNTAX'), `${written}: ${codes}`);
    }
  });

  test('is escaped by a second dollar sign', () => {
    const text = MINIMAL_AGENT.concat('identity: {directory: "/a/$${env:SET}/$x"}\n');
    const result = parseAgentConfig(text, host);
    assert.ok(result.ok);
    assert.equal(result.config.identity.directory, '/a/${env:SET}/$x');
    fc.assert(
      fc.property(fc.stringMatching(/^[${}a:]{0,12}$/), (plain) => {
        const parts = parseTemplate(escapeTemplate(plain));
        assert.equal(parts.map((part) => (part.kind === 'literal' ? part.text : '?')).join(''), plain);
      }),
    );
  });

  test('resolves to a number for number fields, and to text for text fields', () => {
    const text = MINIMAL_AGENT.replace('agent-1', '${env:DIGITS}').concat('log: {recent: "${env:NUMBER}"}\n');
    const result = parseAgentConfig(text, host);
    assert.ok(result.ok);
    assert.equal(result.config.name, '12345');
    assert.equal(result.config.log.recent, 3);
    const wrong = parseAgentConfig(`${MINIMAL_AGENT}log: {recent: "\${env:SET}"}\n`, host);
    assert.deepEqual(wrong.ok ? [] : wrong.problems.map(({ code }) => code), ['WRONG_TYPE']);
  });

  test('cannot replace a whole list or group', () => {
    const result = parseAgentConfig(`${MINIMAL_AGENT}policy: \${env:SET}\n`, host);
    assert.deepEqual(result.ok ? [] : result.problems.map(({ code }) => code), ['WRONG_TYPE']);
  });
});

describe('a secret', () => {
  const token = (written: string) => {
    const result = parseAgentConfig(
      `${MINIMAL_AGENT}identity: {enrollmentToken: ${JSON.stringify(written)}}\n`,
      host,
    );
    return result.ok
      ? result.config.identity.enrollmentToken?.reveal()
      : result.problems.map(({ code }) => code);
  };

  test('must be a reference, and so must its default', () => {
    assert.equal(token('${env:SET}'), 'set');
    assert.equal(token('${env:SET}${file:/run/name}'), 'setfrom-file');
    for (const written of ['x', 'x${env:SET}', '${env:SET} x', '${env:SET:-x}', '$${env:SET}']) {
      assert.deepEqual(token(written), ['SECRET_LITERAL'], written);
    }
  });

  test('that is optional may have no value', () => {
    assert.equal(token('${env:UNSET:-}'), undefined);
    assert.equal(token('${env:EMPTY}'), undefined);
    assert.equal(token('${file:/run/empty}'), undefined);
    assert.equal(token('${env:UNSET}'), undefined);
    assert.equal(token('${file:/run/none}'), undefined);
    assert.equal(token('${env:SET}${env:UNSET}'), undefined);
  });

  test('that is missing names the reference without a value and is watched for', () => {
    const missing = (written: string) => {
      const text = `${MINIMAL_AGENT}identity: {enrollmentToken: ${JSON.stringify(written)}}\n`;
      const result = parseAgentConfig(text, host);
      assert.ok(result.ok);
      const { enrollmentTokenMissing: sentence } = result.config.identity;
      assert.equal(showConfig(result.config).includes('enrollmentToken'), sentence === undefined);
      return [sentence, ...result.source.files];
    };
    assert.deepEqual(missing('${env:SET}'), [undefined]);
    assert.deepEqual(missing('${env:SET}${env:UNSET}'), [
      '`identity.enrollmentToken` refers to the environment variable UNSET, which is not set.',
    ]);
    assert.deepEqual(missing('${env:EMPTY}'), [
      '`identity.enrollmentToken` refers to ${env:EMPTY}, which is empty.',
    ]);
    assert.deepEqual(missing('${file:none}'), [
      '`identity.enrollmentToken` refers to the file /etc/penstock/none, which does not exist.',
      '/etc/penstock/none',
    ]);
  });

  test('that is malformed or required at every start is an error', () => {
    assert.deepEqual(token('${env:UNSET}${SET}'), ['REFERENCE_SYNTAX']);
    const text = `${MINIMAL_GATEWAY}receivers: [{name: ops, webhook: "\${env:UNSET}"}]\n`;
    const result = parseGatewayConfig(text, host);
    assert.deepEqual(result.ok ? [] : result.problems.map(({ code }) => code), ['ENVIRONMENT_MISSING']);
  });

  test('is redacted everywhere and keeps its reference', () => {
    const text = `${MINIMAL_AGENT}identity: {enrollmentToken: "\${file:near}"}\n`;
    const result = parseAgentConfig(text, host);
    assert.ok(result.ok);
    const secret = result.config.identity.enrollmentToken;
    assert.equal(`${secret}`, '[redacted]');
    assert.equal(JSON.stringify({ secret }), '{"secret":"[redacted]"}');
    assert.equal(secret?.reference, '${file:/etc/penstock/near}');
  });

  test('in a URL must be a reference', () => {
    const proxy = (written: string) => {
      const text = MINIMAL_AGENT.replace('  pins:', `  proxy: ${JSON.stringify(written)}\n  pins:`);
      const result = parseAgentConfig(text, host);
      if (!result.ok) return result.problems.map(({ code }) => code);
      const { proxy: given } = result.config.gateway;
      return typeof given === 'string' ? given : given.reveal();
    };
    assert.equal(proxy('http://a:${env:SET}@proxy'), 'http://a:set@proxy');
    assert.equal(proxy('http://a@proxy/?b=c'), 'http://a@proxy/?b=c');
    assert.equal(proxy('http://proxy/?password=${env:SET}'), 'http://proxy/?password=set');
    for (const written of [
      'http://a:b@db/x',
      'http://a:b${env:SET}@db/x',
      'http://a:${env:SET:-b}@db/x',
      'http://db/x?a=b&password=c',
      'http://db/x?sslpassword=c',
    ]) {
      assert.deepEqual(proxy(written), ['CREDENTIALS_IN_URL'], written);
    }
    assert.equal(proxy('${env:UNSET:-none}'), 'none');
  });
});
