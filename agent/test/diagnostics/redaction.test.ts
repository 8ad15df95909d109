import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import fc from 'fast-check';
import { KnownSecrets } from '../../src/diagnostics/redaction/known-secrets.ts';
import { NotRedactable, Redactor } from '../../src/diagnostics/redaction/redactor.ts';
import {
  secretsOfConfig,
  secretsOfEnvironment,
  secretsOfPem,
} from '../../src/diagnostics/redaction/secrets-of.ts';

function redactor(...secrets: string[]): Redactor {
  const known = new KnownSecrets(() => {});
  known.add(secrets);
  return new Redactor(known);
}

const CANARY = 'c4n4ry/Väl+ue"42';

/** Every form in which a program could have written the canary. */
const writtenDown: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => `it was ${secret} then`,
  json: (secret) => JSON.stringify({ text: secret }),
  'json in json': (secret) => JSON.stringify(JSON.stringify({ text: secret })),
  url: (secret) => `http://host/?q=${encodeURIComponent(secret)}`,
  'lower-case url': (secret) => encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
  form: (secret) => new URLSearchParams({ q: secret }).toString(),
  'every byte of a url': (secret) =>
    [...Buffer.from(secret)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  base64: (secret) => Buffer.from(secret).toString('base64'),
  'base64 after one': (secret) => Buffer.from(`u:${secret}`).toString('base64'),
  'base64 after two': (secret) => Buffer.from(`u1:${secret}:x`).toString('base64'),
  'base64 after three': (secret) => Buffer.from(`u12:${secret}`).toString('base64'),
  base64url: (secret) => Buffer.from(`user:${secret}`).toString('base64url'),
  hexadecimal: (secret) => Buffer.from(secret).toString('hex'),
  'escaped units': (secret) =>
    [...secret].map((each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  'cut off': (secret) => `the detail ends here: ${secret.slice(0, -3)}`,
};

const decodings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => Buffer.from(text, 'base64').toString(),
  (text) => text.replaceAll(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16))),
];

describe('a known secret', () => {
  for (const [form, write] of Object.entries(writtenDown)) {
    test(`is found as ${form}`, () => {
      const text = write(CANARY);
      const clean = redactor(CANARY).redactText(text);
      assert.match(clean, /\[redacted\]/, text);
      for (const decode of decodings) assert.ok(!decode(clean).includes('c4n4ry'), `${text} became ${clean}`);
    });
  }

  test('is found in keys, numbers and lists', () => {
    const clean = JSON.stringify(
      redactor('hunter2xyz', '81726354').redact({ hunter2xyz: [{ a: 81_726_354 }] }),
    );
    assert.doesNotMatch(clean, /hunter2xyz|81726354/);
  });

  test('that is short is redacted only as a separate word', () => {
    assert.equal(redactor('abc').redactText('abc, and abcde'), '[redacted], and abcde');
  });

  test('is redacted as a whole if it contains another', () => {
    assert.equal(redactor('pass', 'pass1234').redactText('x pass1234 y'), 'x [redacted] y');
  });

  test('that is evicted also drops the old lines', () => {
    let forgotten = 0;
    const known = new KnownSecrets(() => {
      forgotten += 1;
    });
    known.add(Array.from({ length: 512 }, (_, index) => `secret-${index}`));
    assert.equal(forgotten, 0);
    known.add(['one more']);
    assert.equal(forgotten, 1);
  });
});

describe('what looks like a secret', () => {
  const cases: readonly (readonly [text: string, secret: RegExp, rule: string])[] = [
    ['-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----', /MIGH/, 'pem'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIGHAgEA and cut', /MIGH/, 'pem'],
    ['authorization: Digest username="u", response="5ecr3t"', /5ecr3t/, 'authorization'],
    ['sent Bearer abcDEF123._-~ to it', /abcDEF/, 'authorization'],
    ['Proxy says Basic dXNlcjpwYXNz', /dXNl/, 'authorization'],
    ['got eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln', /eyJ/, 'jwt'],
    ['postgres://orders:p%40ss@db:5432/x', /orders|p%40ss/, 'url-credentials'],
    ['https://user:p@ss/w0rd@host/path', /w0rd|user/, 'url-credentials'],
    ['git clone https://ghp_token1234@github.com/x', /ghp_/, 'url-credentials'],
    ['Server=db;User Id=sa;Password=Str0ng;Encrypt=no', /Str0ng/, 'connection-string'],
    ["host=db password='my pass' user=x", /my pass/, 'connection-string'],
    ['jdbc:sqlserver://db;pwd={a;b}', /a;b/, 'connection-string'],
    ['PGPASSWORD=hunter2 psql', /hunter2/, 'connection-string'],
    ['DB_PASS=hunter2 and pw: hunter2', /hunter2/, 'connection-string'],
    ['{"password":"a\\"hunter2"}', /hunter2/, 'connection-string'],
    ['{\\"password\\":\\"hunter2\\"}', /hunter2/, 'connection-string'],
    ['run --api-key abc123 now', /abc123/, 'command-argument'],
    ['{"client_secret": "abc123"}', /abc123/, 'connection-string'],
    ['pst_enroll_abc_def', /abc_def/, 'penstock-token'],
  ];
  for (const [text, secret, rule] of cases) {
    test(`is found: ${text.slice(0, 40).replaceAll('\n', ' ')}`, () => {
      const found = redactor();
      assert.doesNotMatch(found.redactText(text), secret);
      assert.ok(Object.hasOwn(found.hits, rule), JSON.stringify(found.hits));
    });
  }

  test('fields are redacted by name, regardless of their contents, except for references', () => {
    const found = redactor();
    const clean = found.redact({
      password: ['a', { b: 1 }],
      enrollmentToken: '${env:TOKEN}',
      clientSecret: '${env:A:-literal}',
      pin: 'sha256/x',
      key: 7,
      usesToken: true,
    });
    assert.deepEqual(clean, {
      password: '[redacted]',
      enrollmentToken: '${env:TOKEN}',
      clientSecret: '[redacted]',
      pin: 'sha256/x',
      key: '[redacted]',
      usesToken: true,
    });
    assert.deepEqual(found.hits, { 'field-name': 3 });
  });

  test('backslashes of a secret that are escaped as units', () => {
    const known = new KnownSecrets(() => {});
    known.add([String.raw`C:\\share\pw`]);
    const units = [...String.raw`C:\\share\pw`].map(
      (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    assert.equal(new Redactor(known).redactText(`at ${units.join('')} it failed`), '[redacted]');
  });

  test('ordinary lines stay as they are', () => {
    const line = {
      event: 'open-failed',
      connector: 'orders-db',
      detail: 'orders.internal:5432: connect ECONNREFUSED 10.0.0.5:5432',
      gateway: 'https://gateway.example.com:8443',
      pin: 'sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    };
    const found = redactor('some-secret');
    assert.deepEqual(found.redact(line), line);
    assert.deepEqual(found.hits, {});
  });
});

describe('what cannot be looked through', () => {
  test('is refused when it is nested too deep', () => {
    let value: unknown = 'x';
    for (let depth = 0; depth < 40; depth += 1) value = { value };
    assert.throws(() => redactor().redact(value), NotRedactable);
  });

  test('is refused when pieces make a secret where they meet', () => {
    assert.throws(() => redactor('","b":"').redact({ a: '', b: 'x' }), NotRedactable);
  });
});

test('secrets are collected from configuration, environment and keys', () => {
  assert.deepEqual(
    secretsOfConfig({ a: [new Secret('one')], b: { c: new Secret('http://u:p%40w@proxy:8080') } }).filter(
      (secret) => ['one', 'p%40w', 'p@w', 'u:p@w'].includes(secret),
    ),
    ['one', 'one', 'p%40w', 'p@w', 'u:p@w'],
  );
  const found = secretsOfEnvironment({
    PGPASSWORD: 'hunter2',
    HTTPS_PROXY: 'http://me:pr0xy@proxy:3128',
    TOKEN_REQUIRED: 'true',
    HOME: '/root',
  });
  assert.deepEqual([...new Set(found)].sort(), ['hunter2', 'me:pr0xy', 'pr0xy']);
  const pem = '-----BEGIN PRIVATE KEY-----\nAAAABBBBCCCCDDDD\nEEEE\n-----END PRIVATE KEY-----\n';
  assert.deepEqual(secretsOfPem(pem), [pem, 'AAAABBBBCCCCDDDDEEEE', 'AAAABBBBCCCCDDDD']);
});

test('no secret survives in any form at any position', () => {
  const secret = fc
    .string({ unit: 'binary-ascii', minLength: 8, maxLength: 40 })
    .filter((text) => text.trim().length > 7);
  const forms = fc.constantFrom(...Object.keys(writtenDown).filter((form) => form !== 'cut off'));
  fc.assert(
    fc.property(
      secret,
      forms,
      fc.string({ maxLength: 20 }),
      fc.string({ maxLength: 20 }),
      (value, form, before, after) => {
        const written = `${before} ${writtenDown[form]?.(value)} ${after}`;
        let clean: string;
        try {
          clean = JSON.stringify(redactor(value).redact({ detail: written }));
        } catch (error) {
          // An omitted line reveals nothing either.
          assert.ok(error instanceof NotRedactable);
          return;
        }
        const detail = (JSON.parse(clean) as { detail: string }).detail;
        assert.ok(!detail.includes(value), `${JSON.stringify(value)} as ${form}: ${detail}`);
        assert.ok(
          !detail.includes(writtenDown[form]?.(value) ?? ''),
          `${JSON.stringify(value)} as ${form}: ${detail}`,
        );
      },
    ),
  );
});

test('any JSON value is redacted or rejected in a short time', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ minLength: 4 }), (value, secret) => {
      try {
        const clean = JSON.stringify(redactor(secret).redact(value));
        assert.ok(!clean.includes(JSON.stringify(secret).slice(1, -1)));
      } catch (error) {
        assert.ok(error instanceof NotRedactable, String(error));
      }
    }),
  );
});
