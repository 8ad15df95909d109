import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkConnectionTargets } from '../src/connection-targets.ts';

const gateway = (connections: string) => ({
  file: 'gateway.yaml',
  text: `apiVersion: penstock/v1
kind: Gateway
version: 1
organization: acme
pools:
  - {name: dc1}
  - {name: dc2}
connections:
${connections}`,
});

const agent = (connectors: string, pool = 'dc1', file = `${pool}.yaml`) => ({
  file,
  text: `apiVersion: penstock/v1
kind: Agent
version: 1
name: a
pool: ${pool}
gateway: {url: "https://gateway.example.com:8443", pins: []}
connectors:
${connectors}`,
});

const ORDERS = '  - {name: orders-db, kind: postgresql, address: "orders.internal:5432"}\n';
const found = (connections: string, ...agents: ReturnType<typeof agent>[]) =>
  checkConnectionTargets(gateway(connections), agents).problems.map(
    ({ file, line, code, message, suggestion }) => `${file}:${line} ${code} ${message} ${suggestion}`,
  );

describe('connections against agent files', () => {
  test('agree', () => {
    const all = '  - {name: orders, pools: [dc1, dc2], connector: orders-db, kind: postgresql}\n';
    assert.deepEqual(found(all, agent(ORDERS), agent(ORDERS, 'dc2')), []);
  });

  test('a connector that no file of the pool has is reported with the places in both files', () => {
    assert.deepEqual(found('  - {name: orders, pools: [dc1], connector: orders-bd}\n', agent(ORDERS)), [
      'gateway.yaml:9 UNKNOWN_CONNECTOR `connector` orders-bd is not a connector of pool dc1 (dc1.yaml). ' +
        'Did you mean `orders-db` (dc1.yaml:8)?',
    ]);
  });

  test('each pool of a connection needs the connector, but not each agent of a pool', () => {
    const both = '  - {name: orders, pools: [dc1, dc2], connector: orders-db}\n';
    const other = '  - {name: stock, kind: mysql, address: "stock.internal:3306"}\n';
    assert.deepEqual(found(both, agent(ORDERS), agent(other, 'dc1', 'two.yaml'), agent(ORDERS, 'dc2')), []);
    const [problem, ...more] = found(both, agent(ORDERS), agent(other, 'dc2'));
    assert.match(
      problem ?? '',
      /is not a connector of pool dc2 \(dc2\.yaml\)\. Connectors of its agents: stock\./,
    );
    assert.deepEqual(more, []);
  });

  test('kinds agree', () => {
    const wrong = '  - {name: orders, pools: [dc1], connector: orders-db, kind: mysql}\n';
    assert.deepEqual(found(wrong, agent(ORDERS)), [
      'gateway.yaml:9 INCONSISTENT `kind` mysql is not the kind of the connector, which is `postgresql` (dc1.yaml:8). ' +
        'Use the same kind in both files.',
    ]);
    const silent = '  - {name: orders, pools: [dc1, dc2], connector: orders-db}\n';
    const [problem] = found(silent, agent(ORDERS), agent(ORDERS.replace('postgresql', 'tcp'), 'dc2'));
    assert.match(problem ?? '', /^dc2\.yaml:8 INCONSISTENT `kind` tcp differs from dc1\.yaml:8/);
  });

  test('alternates of the agents of one pool agree, and those of two pools need not', () => {
    const both = '  - {name: orders, pools: [dc1, dc2], connector: orders-db}\n';
    const redirecting = ORDERS.replace('}', ', alternates: ["two.internal:5432"]}');
    const [problem] = found(both, agent(ORDERS), agent(redirecting, 'dc1', 'two.yaml'), agent(ORDERS, 'dc2'));
    assert.match(problem ?? '', /^two\.yaml:8 INCONSISTENT `alternates` differs from dc1\.yaml:8/);
    assert.deepEqual(found(both, agent(ORDERS), agent(redirecting, 'dc2')), []);
  });

  test('the pool of an agent file exists', () => {
    assert.deepEqual(found('  []\n', agent(ORDERS, 'dc11')), [
      'dc11.yaml:5 UNKNOWN_POOL `pool` dc11 is not a pool of gateway.yaml. Did you mean `dc1`?',
    ]);
  });

  test('what is a reference, or has no file, is not known and no problem', () => {
    const text = '  - {name: orders, pools: [dc1, dc2], connector: orders-bd}\n';
    const any = agent(
      '  - {name: "${env:NAME}", kind: "${env:KIND}", address: a:1}\n',
      '"${env:POOL}"',
      'any.yaml',
    );
    assert.deepEqual(found(text, any), []);
    const { poolsWithoutFile } = checkConnectionTargets(gateway(text.replace('orders-bd', 'orders-db')), [
      agent(ORDERS),
    ]);
    assert.deepEqual(poolsWithoutFile, ['dc2']);
  });
});
