import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import { FakeHttpProxy } from '../../../test/rig/http-proxy.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { dialGateway } from '../../src/tunnel/dial-gateway.ts';
import { offeredSchemes } from '../../src/tunnel/proxy-challenge.ts';

test('the schemes of a challenge, whatever its parameters contain', () => {
  const cases: readonly (readonly [header: string | string[] | undefined, schemes: readonly string[]])[] = [
    [undefined, []],
    ['', []],
    ['Negotiate', ['Negotiate']],
    [
      ['Negotiate', 'NTLM', 'NTLM'],
      ['Negotiate', 'NTLM'],
    ],
    ['Basic realm="a, Digest b", charset="UTF-8", NTLM', ['Basic', 'NTLM']],
    ['NTLM TlRMTVNTUAACAAAA==, basic realm=x', ['NTLM', 'basic']],
    ['Digest realm="x", qop="auth, auth-int", algorithm=SHA-256, Basic realm="x"', ['Digest', 'Basic']],
    ['Basic realm="\\"x\\", Kerberos"', ['Basic']],
    ['\u001b[31mBad, <script>', []],
    [Array.from({ length: 40 }, (_, index) => `S${index}`), ['S0', 'S1', 'S2', 'S3', 'S4', 'S5']],
    [`${'x'.repeat(10_000)}, Basic`, []],
  ];
  for (const [header, schemes] of cases) assert.deepEqual(offeredSchemes(header), schemes, String(header));
});

const challenges: readonly (readonly [offered: readonly string[], user: string, expected: RegExp])[] = [
  [
    ['Negotiate', 'NTLM'],
    'agent:secret@',
    /It offers only Negotiate, NTLM, and the agent supports only Basic\./,
  ],
  [['Negotiate, NTLM'], '', /It offers only Negotiate, NTLM, and the agent supports only Basic\./],
  [['Digest realm="a, Basic b", nonce="x=="'], 'agent:secret@', /It offers only Digest, and/],
  [
    ['Negotiate', 'Basic realm="corp"'],
    'agent:wrong@',
    /requires credentials and rejected those of the proxy URL/,
  ],
  [['Negotiate', 'basic realm="corp"'], '', /It requires credentials\. Add user and password/],
  [[], '', /It requires credentials\. Add user and password/],
];

for (const [offered, user, expected] of challenges) {
  test(`a proxy that offers ${offered.join(' and ') || 'nothing'} ${user === '' ? 'without' : 'with'} credentials`, async () => {
    await using _leaks = expectNoLeaks();
    await using proxy = await FakeHttpProxy.start({ challenges: offered });
    proxy.refuse(407);
    const target = {
      url: 'https://gateway.example.com:8443',
      address: { host: 'gateway.example.com', port: 8443 },
      pins: [],
      trust: 'pins' as const,
      proxy: new Secret(`http://${user}127.0.0.1:${proxy.address.port}`),
    };
    const signal = new AbortController().signal;
    await assert.rejects(
      dialGateway(target, { identity: undefined, environment: {}, signal }),
      (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error);
        assert.equal(error.code, 'PROXY_REFUSED');
        assert.match(error.message, expected);
        assert.doesNotMatch(error.message, /secret|wrong/);
        return true;
      },
    );
  });
}
