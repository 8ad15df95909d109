import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KnownSecrets } from '../../src/diagnostics/redaction/known-secrets.ts';
import { Redactor } from '../../src/diagnostics/redaction/redactor.ts';
import { secretsOfEnvironment } from '../../src/diagnostics/redaction/secrets-of.ts';

const redactor = () => new Redactor(new KnownSecrets(() => {}));

/** Every text contains `hunter2`, or a key with the shape that its issuer gives it. */
const free: readonly string[] = [
  'ORA-01017 for app/hunter2@orders',
  'jdbc:oracle:thin:app/hunter2@//db:1521/x',
  'app/"hunter2"@(DESCRIPTION=(ADDRESS=x))',
  'sqlplus -S app/hunter2',
  'SQL> connect app/hunter2',
  'impdp system/hunter2 directory=d',
  'app:hunter2@tcp(db:3306)/orders',
  'app:hunter2@db.internal/orders',
  'db.internal:5432:orders:app:hunter2',
  '*:*:*:app:hunter2',
  'machine db login app password hunter2',
  'mysql -uroot -phunter2 orders',
  'mysqldump --single-transaction -phunter2 x',
  'client -u root -phunter2',
  'exec: tool -phunter2',
  'mysql --password=hunter2',
  'tool --db-password hunter2',
  'tool -token hunter2',
  '["tool","--password","hunter2"]',
  'sshpass -p hunter2 ssh host',
  'redis-cli -h db -a hunter2',
  'sqlcmd -S db -U sa -P hunter2',
  'bcp x out y -Phunter2',
  'ldapsearch -D cn=x -w hunter2',
  'curl -u app:hunter2 https://x',
  'curl --proxy-user app:hunter2 x',
  'mongosh -u app -p hunter2',
  '{"name":"PASSWORD","value":"hunter2"}',
  '{\\"name\\":\\"DB_PASSWORD\\",\\"value\\":\\"hunter2\\"}',
  '{"value":"hunter2","name":"PASSWORD"}',
  '{"key": "apiKey", "value": "hunter2"}',
  '- name: PASSWORD\n  value: hunter2',
  '<add name="Password" value="hunter2"/>',
  '<property><name>x</name></property><password>hunter2</password>',
  'Server=db;Uid=app;Password=hunter2;',
  'Server=db;Uid=app;Pwd=hunter2',
  'Endpoint=sb://x/;SharedAccessKey=hunter2',
  'AccountName=x;AccountKey=hunter2==;EndpointSuffix=y',
  'https://x.blob.core.windows.net/c?sv=1&sig=hunter2',
  'Account Key=hunter2',
  ':password => "hunter2"',
  'password := hunter2',
  "CREATE USER app IDENTIFIED BY 'hunter2'",
  'CREATE USER app IDENTIFIED BY hunter2',
  "ALTER ROLE app PASSWORD 'hunter2'",
  'Authorization: hunter2',
  'Proxy-Authorization: Basic hunter2=',
  'X-Api-Key: hunter2',
  '-----BEGIN OPENSSH PRIVATE KEY-----\\nhunter2\\n-----END OPENSSH PRIVATE KEY-----',
  'https://hooks.slack.com/services/T0/B0/hunter2',
];

const shapes: readonly string[] = [
  ['AKIA', 'IOSFODNN7EXAMPLE'],
  ['ASIA', 'IOSFODNN7EXAMPLE'],
  ['ghp_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'],
  ['gho_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'],
  ['github_pat_', '11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz'],
  ['glpat-', 'abcdefghij1234567890'],
  ['xoxb-', '1234567890-abcdefghij'],
  ['xapp-', '1-A0-123-abcdef'],
  ['AIza', 'SyA1234567890abcdefghijklmnopqrstuvw'],
  ['sk_live_', 'abcdefghijklmnop1234'],
  ['SG.', 'abcdefghijklmnopqr.stuvwxyz0123456789abcdef'],
  ['npm_', 'abcdefghijklmnopqrstuvwxyz0123456789'],
  ['hvs.', 'CAESIabcdefghijklmnopqrst'],
  ['eyJ', 'hbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln'],
].map((parts) => parts.join(''));

describe('a secret in a form of its own is redacted:', () => {
  for (const text of free) {
    test(text, () => {
      const clean = redactor().redactText(text);
      assert.doesNotMatch(clean, /hunter2/);
      assert.match(clean, /\[redacted\]/);
    });
  }
  for (const key of shapes) {
    test(key.slice(0, 12), () =>
      assert.equal(redactor().redactText(`got ${key} there`), 'got [redacted] there'),
    );
  }
});

describe('a secret named by another value is redacted:', () => {
  const values: readonly unknown[] = [
    { name: 'PASSWORD', value: 'hunter2' },
    { key: 'client_secret', value: 'hunter2' },
    { option: 'password', content: ['hunter2'] },
    { header: 'Authorization', data: 'hunter2' },
    [['password', 'hunter2']],
    ['mysql', '--password', 'hunter2'],
    ['Host', 'x', 'Authorization', 'hunter2'],
    {
      env: [
        { name: 'A', value: 'b' },
        { name: 'DB_PASS', stringValue: 'hunter2' },
      ],
    },
  ];
  for (const value of values) {
    test(JSON.stringify(value), () => {
      assert.doesNotMatch(JSON.stringify(redactor().redact(value)), /hunter2/);
    });
  }

  test('and its name stays', () => {
    assert.deepEqual(redactor().redact({ key: 'PASSWORD', value: 'x' }), {
      key: 'PASSWORD',
      value: '[redacted]',
    });
  });
});

test('what only resembles a secret stays as it is', () => {
  const lines = [
    'PWD=/srv/agent OLDPWD=/root',
    'tokenizer=fast, passthrough: on, keyboard: us, signal: SIGTERM, design: flat',
    'compass=north bypass=yes secretary=Ann monkey=3',
    'TOKEN_UNKNOWN: The gateway does not know the enrollment token.',
    'Basic authentication is not offered, and the bearer token is missing',
    'token_type: Bearer, TOKEN_TTL=1h, maxTokens: 5',
    'PASSWORD_FILE=/run/secrets/db',
    'package penstock/agent@1.2.3, image acme/agent@sha256:0123',
    'HTTP/gateway.example.com@EXAMPLE.COM',
    'psql -p5432 -path /x, mkdir -pv, ssh -p22',
    'connect ECONNREFUSED 10.0.0.5:5432',
    'cannot connect to an http/2 peer at [2001:db8::1]:8443',
    'version 12@sha256:0123456789abcdef',
    'at 2026-01-02T03:04:05.678Z on 00:11:22:33:44:55',
    'mail to ops@example.com about key: 5',
    '{"name":"orders","value":"visible"}',
  ];
  for (const line of lines) assert.equal(redactor().redactText(line), line);
  assert.deepEqual(redactor().redact({ fields: ['token', 'password', 'user'], cwd: '/srv' }), {
    fields: ['token', 'password', 'user'],
    cwd: '/srv',
  });
});

test('variables that only resemble secrets are not taken for them', () => {
  const environment = {
    PWD: '/srv/agent',
    OLDPWD: '/root',
    CREDENTIALS_DIRECTORY: '/run/credentials/agent',
    GOOGLE_APPLICATION_CREDENTIALS: '/etc/key.json',
    SSH_AUTH_SOCK: '/tmp/ssh/agent.1',
    GIT_ASKPASS: '/usr/bin/askpass',
    DB_PASSWORD_FILE: '/run/secrets/db',
    TOKENIZERS_PARALLELISM: 'fast',
  };
  assert.deepEqual(secretsOfEnvironment(environment), []);
});

// Were the time of a rule to grow with the square of the length, any of these would take minutes.
test('hostile text is redacted in a time that grows with its length', { timeout: 60_000 }, () => {
  const pieces = [
    'a://',
    'password=',
    '"name":"x","value":',
    'value=v=',
    'v:',
    '-----BEGIN A-----',
    'eyJa',
    '-p',
    ' -u -p',
    '<a>',
    '</a',
    'a/b',
    'a:b',
    'x:1:y:z:',
    'identified by ',
    'login a password ',
    '--a ',
    'basic ',
    'token: {',
    "'",
    '\\"',
    'a',
    'mysql -p',
    'curl -u a:',
    'AKIA',
    'ghp_',
    'name="a" value=',
    '@',
    '=',
  ];
  assert.ok(pieces.length > 20);
  for (const piece of pieces) redactor().redactText(piece.repeat(Math.ceil(131_072 / piece.length)));
});
