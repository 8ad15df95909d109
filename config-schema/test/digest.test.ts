import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Document, isMap, isScalar, visit } from 'yaml';
import { canonicalJson } from '../src/digest.ts';
import { checkConfig, parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { invisibleText } from '../src/yaml/invisible-text.ts';
import { hostOf } from './rig/host-of.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';
import { validAgentFile } from './rig/valid-file.ts';

describe('the digest', () => {
  test('is the hash of the content as canonical JSON', () => {
    const json = `{"apiVersion":"penstock/v1","connectors":[{"address":"orders.internal:5432","kind":"postgresql","name":"orders-db"}],"gateway":{"pins":["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],"url":"https://gateway.example.com:8443"},"kind":"Agent","name":"agent-1","pool":"dc1","version":3}`;
    assert.equal(digestOf(MINIMAL_AGENT), `sha256:${createHash('sha256').update(json).digest('hex')}`);
  });

  test('ignores order, comments, and formatting', () => {
    fc.assert(
      fc.property(validAgentFile, fc.infiniteStream(fc.nat(3)), ({ content }, choices) => {
        const before = new Document(content);
        const after = new Document(content);
        rewrite(after, () => choices.next().value ?? 0);
        const texts = [before.toString(), after.toString()];
        // A value with a character that cannot be seen is refused unless it is quoted.
        fc.pre(texts.every((text) => invisibleText(text).length === 0));
        const [expected, digest] = texts.map(digestOf);
        assert.equal(digest, expected);
      }),
    );
  });

  test('is the same on every host', () => {
    const text = MINIMAL_AGENT.replace('agent-1', '${env:HOSTNAME}');
    const digests = ['a', 'b'].map((HOSTNAME) => {
      const result = parseAgentConfig(text, hostOf({ environment: { HOSTNAME }, files: new Map() }));
      assert.ok(result.ok);
      assert.equal(result.config.name, HOSTNAME);
      assert.equal(result.config.digest, result.source.digest);
      return result.config.digest;
    });
    assert.deepEqual(digests, [digestOf(text), digestOf(text)]);
  });

  test('changes with any value, including the version, and with the text of a reference', () => {
    const texts = [
      MINIMAL_AGENT,
      MINIMAL_AGENT.replace('version: 3', 'version: 4'),
      MINIMAL_AGENT.replace('agent-1', '"agent-1 "').replace('agent-1 ', 'agent-11'),
      MINIMAL_AGENT.replace('agent-1', '${env:A}'),
      MINIMAL_AGENT.replace('agent-1', '${env:B}'),
      `${MINIMAL_AGENT}log: {level: info}\n`,
      `${MINIMAL_AGENT}log: {}\n`,
    ];
    assert.equal(new Set(texts.map(digestOf)).size, texts.length);
  });

  test('does not depend on the use of aliases', () => {
    const aliased = MINIMAL_AGENT.replace('agent-1', '&name agent-1').replace('orders-db', '*name ');
    assert.equal(digestOf(aliased), digestOf(MINIMAL_AGENT.replace('orders-db', 'agent-1')));
  });
});

test('the digest that replicas compare leaves out their names and addresses, and nothing else', () => {
  const digestAt = (cluster: string, environment = {}, more = '') => {
    const text = `${MINIMAL_GATEWAY}store: {url: "postgresql://u@db/penstock"}\ncluster: ${cluster}\n${more}`;
    const result = parseGatewayConfig(text, hostOf({ environment, files: new Map() }));
    assert.ok(result.ok, JSON.stringify(result));
    return result.config.replicaDigest;
  };
  const ofChart = '{name: "${env:POD_NAME}", listen: "0.0.0.0:8444", advertise: "${env:POD_IP}:8444"}';
  const pods = ['gateway-7b9f-x2lk4', 'gateway-7b9f-9qpwz'].map((POD_NAME, at) =>
    digestAt(ofChart, { POD_NAME, POD_IP: `10.0.0.${at}` }),
  );
  const hosts = ['a', 'b'].map((name) =>
    digestAt(`{name: ${name}, listen: "10.0.0.1:8444", advertise: "${name}.example.com:8444"}`),
  );
  assert.equal(new Set([...pods, ...hosts]).size, 1);
  const others = [
    digestAt('{listen: "10.0.0.1:8444", rebalanceInterval: 0s}'),
    digestAt('{listen: "10.0.0.1:8444"}', {}, 'drain: {timeout: 31s}\n'),
  ];
  assert.equal(new Set([...pods, ...others]).size, 3);
});

test('canonical JSON has sorted keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value as Parameters<typeof canonicalJson>[0]);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: 'é\n' }], a: true }),
    '{"a":true,"b":[1,{"c":"é\\n","d":null}]}',
  );
});

function digestOf(text: string): string {
  const result = checkConfig('Agent', text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.source.digest;
}

/** The same content with keys reordered, comments and blank lines added, and text quoted differently. */
function rewrite(document: Document, choose: () => number): void {
  document.commentBefore = ' first';
  visit(document, (_, node) => {
    if (isMap(node)) {
      if (choose() === 0) node.items.reverse();
      node.flow = choose() === 0;
    } else if (isScalar(node) && typeof node.value === 'string') {
      if (choose() === 0) node.type = 'QUOTE_DOUBLE';
      if (choose() === 0) node.comment = ' said';
    }
  });
}
