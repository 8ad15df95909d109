import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { parseAgentConfig, parseGatewayConfig } from '../src/parse.ts';
import { MINIMAL_AGENT, MINIMAL_GATEWAY } from './rig/minimal-file.ts';
import { keyPair } from './rig/valid-file.ts';

const TOKEN = 'pst_enroll_0123456789abcdef0123_abcdefghijklmnopqrstuvwxyz';
const withToken = `${MINIMAL_AGENT}identity: {enrollmentToken: "\${env:TOKEN}"}\n`;
const fromFile = `${MINIMAL_AGENT}identity: {enrollmentToken: "\${file:/token}"}\n`;

function agent(text: string, environment: Record<string, string>, file = '') {
  return parseAgentConfig(text, { environment, readFile: () => file });
}

describe('a value ends before the line break that environments and files add:', () => {
  for (const end of ['\n', '\r', '\r\n', '\n\n', '\r\r\n']) {
    test(JSON.stringify(end), () => {
      for (const result of [agent(withToken, { TOKEN: TOKEN + end }), agent(fromFile, {}, TOKEN + end)]) {
        assert.ok(result.ok, JSON.stringify(result));
        assert.equal(result.config.identity.enrollmentToken?.reveal(), TOKEN);
      }
    });
  }

  test('in names and addresses as well, with spaces around them', () => {
    const text = MINIMAL_AGENT.replace('agent-1', '${env:NAME}').replace(
      'orders.internal:5432',
      '"${env:DB}:${env:PORT}"',
    );
    const result = agent(text, { NAME: ' agent-7 \r', DB: 'db.internal\r', PORT: '5433\r\n' });
    assert.ok(result.ok, JSON.stringify(result));
    assert.equal(result.config.name, 'agent-7');
    assert.deepEqual(result.config.connectors[0]?.address, { host: 'db.internal', port: 5433 });
  });
});

describe('a character that does not belong is named by code point and place, without the value:', () => {
  const cases: readonly (readonly [value: string, words: RegExp])[] = [
    [`${TOKEN.slice(0, 10)}\n${TOKEN.slice(10)}`, /U\+000A \(line feed\) at position 11 of/],
    [`${TOKEN.slice(0, 10)}\r${TOKEN.slice(10)}`, /U\+000D \(carriage return\) at position 11/],
    [`${TOKEN} `, /U\+0020 \(space\) at position 59/],
    [`\u{200b}${TOKEN}`, /U\+200B \(zero-width space\) at position 1 /],
    [`${TOKEN}\u{a0}`, /U\+00A0 \(no-break space\)/],
    [`"${TOKEN}"`, /U\+0022 \(quotation mark\) at position 1 of/],
    [`'${TOKEN}'`, /U\+0027 \(apostrophe\) at position 1 of/],
    [`TOKEN=${TOKEN}`, /U\+003D \(equals sign\) at position 6 of/],
  ];
  for (const [value, words] of cases) {
    test(words.source, () => {
      const result = agent(withToken, { TOKEN: value });
      assert.ok(!result.ok);
      const [problem] = result.problems;
      assert.equal(problem?.code, 'INVALID_SECRET');
      assert.match(problem?.message ?? '', words);
      assert.ok(!JSON.stringify(result.problems).includes('pst_enroll'));
    });
  }

  test('in the file itself', () => {
    for (const [bad, words] of [
      ['orders\u{a0}.internal:5432', /U\+00A0 \(no-break space\) at position 7/],
      ['orders\u{200b}.internal:5432', /U\+200B \(zero-width space\)/],
      ['orders\u{2011}db.internal:5432', /U\+2011 \(no-break hyphen\)/],
      ['orders.internal\u{ff1a}5432', /U\+FF1A \(fullwidth colon\)/],
      [' orders.internal:5432', /U\+0020 \(space\) at position 1\.$/],
      ['orders.internal: 5432', /U\+0020 \(space\) at position 17\.$/],
      ["'orders.internal:5432'", /U\+0027 \(apostrophe\) at position 1\.$/],
    ] as const) {
      const result = agent(MINIMAL_AGENT.replace('orders.internal:5432', `"${bad}"`), {});
      assert.ok(!result.ok);
      assert.match(result.problems[0]?.message ?? '', words);
    }
  });
});

describe('PEM is accepted as environments hold it:', () => {
  const { certificate, key } = keyPair;
  const forms: Readonly<Record<string, (pem: string) => string>> = {
    'as it is': (pem) => pem,
    'with \\n spelled out': (pem) => pem.trim().replaceAll('\n', '\\n'),
    'with \\r\\n spelled out': (pem) => pem.replaceAll('\n', '\\r\\n'),
    'with spaces for line breaks': (pem) => pem.replaceAll('\n', ' '),
    'on one line': (pem) => pem.replaceAll('\n', ''),
    'with CRLF': (pem) => pem.replaceAll('\n', '\r\n'),
    'with CR': (pem) => pem.replaceAll('\n', '\r'),
    'in quotes': (pem) => `"${pem.trim().replaceAll('\n', '\\n')}"`,
    'in base64': (pem) => Buffer.from(pem).toString('base64'),
    indented: (pem) => pem.replaceAll('\n', '\n    '),
  };
  for (const [form, write] of Object.entries(forms)) {
    test(form, () => {
      const text = `${MINIMAL_GATEWAY}tunnelTls: {certificate: "\${env:CERT}", key: "\${env:KEY}"}\n`;
      const environment = { CERT: write(certificate), KEY: write(key) };
      const result = parseGatewayConfig(text, { environment, readFile: () => '' });
      assert.ok(result.ok, JSON.stringify(result));
    });
  }

  const encrypted = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  }).privateKey;
  for (const [what, cert, secret, words] of [
    [
      'a truncated certificate',
      certificate.slice(0, 200),
      key,
      /must be a PEM certificate|cannot be decoded/,
    ],
    [
      'a damaged certificate',
      certificate.replace(/[A-Za-z]{20}/, 'AAAA'),
      key,
      /has a CERTIFICATE block that cannot be decoded/,
    ],
    ['a key in place of a certificate', key, key, /begins with BEGIN (?:EC )?PRIVATE KEY/],
    ['an encrypted key', certificate, encrypted, /this one is encrypted/],
  ] as const) {
    test(`and the message says what is wrong with ${what}`, () => {
      const text = `${MINIMAL_GATEWAY}tunnelTls: {certificate: "\${env:CERT}", key: "\${env:KEY}"}\n`;
      const result = parseGatewayConfig(text, {
        environment: { CERT: cert, KEY: secret },
        readFile: () => '',
      });
      assert.ok(!result.ok);
      assert.match(result.problems[0]?.message ?? '', words);
    });
  }
});

test('a final dot makes a name absolute, and is accepted wherever a name is', () => {
  const text = MINIMAL_AGENT.replace('orders.internal:5432', 'orders.internal.:5432')
    .replace('gateway.example.com', 'gateway.example.com.')
    .concat('policy: {probe: {allow: ["db.internal.:5432", "*.internal.:5432"]}}\n');
  const result = agent(text, {});
  assert.ok(result.ok, JSON.stringify(result));
  assert.equal(result.config.connectors[0]?.address.host, 'orders.internal.');
  for (const bad of ['orders..internal:5432', '.internal:5432', 'orders.internal..:5432', '.:5432']) {
    assert.equal(agent(MINIMAL_AGENT.replace('orders.internal:5432', `"${bad}"`), {}).ok, false, bad);
  }
  const sni = MINIMAL_GATEWAY.replace(
    '{tcp: 0.0.0.0:15432,',
    '{sni: {listen: 0.0.0.0:15432, host: Orders.Example.com.},',
  );
  const gateway = parseGatewayConfig(sni, { environment: {}, readFile: () => '' });
  assert.ok(gateway.ok, JSON.stringify(gateway));
  const [ingress] = gateway.config.connections[0]?.ingress ?? [];
  assert.equal(ingress?.kind === 'sni' && ingress.host, 'orders.example.com');
});
