import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CloseCode, errorCode, errorText, fromDialError, TunnelError } from '../src/index.ts';

const systemError = (code: string) => Object.assign(new Error(`connect ${code} 10.0.0.1:5432`), { code });

test('each error of sockets and resolver has its close code', () => {
  const expected: Record<string, CloseCode> = {
    ENOTFOUND: 'DNS_FAILED',
    EAI_AGAIN: 'DNS_FAILED',
    ECONNREFUSED: 'REFUSED',
    ECONNRESET: 'REFUSED',
    EHOSTUNREACH: 'UNREACHABLE',
    ENETUNREACH: 'UNREACHABLE',
    EACCES: 'UNREACHABLE',
    ETIMEDOUT: 'DIAL_TIMEOUT',
    EMFILE: 'AGENT_OVERLOADED',
    EADDRNOTAVAIL: 'UNREACHABLE',
    ESOMETHINGNEW: 'INTERNAL',
  };
  for (const [code, close] of [...Object.entries(expected), ['toString', 'INTERNAL']] as const) {
    const error = fromDialError(systemError(code), 'orders.internal:5432');
    assert.equal(error.code, close, code);
    assert.match(error.message, /^orders\.internal:5432: /);
    assert.ok(error.cause instanceof Error);
  }
});

test('among several addresses, the most specific error counts, or else the last one', () => {
  const together = (...codes: string[]) => {
    const all = new AggregateError(codes.map(systemError));
    return fromDialError(Object.assign(all, { code: codes[0] }), 'a:1').code;
  };
  assert.equal(together('ETIMEDOUT', 'ECONNREFUSED'), 'REFUSED');
  assert.equal(together('ECONNREFUSED', 'ENETUNREACH'), 'REFUSED');
  assert.equal(together('EADDRNOTAVAIL', 'ERR_SOCKET_CONNECTION_TIMEOUT', 'ENETUNREACH'), 'DIAL_TIMEOUT');
  assert.equal(together('EHOSTUNREACH', 'ENETUNREACH'), 'UNREACHABLE');
  assert.equal(together(), 'INTERNAL');
});

test('an error that is ours already stays as it is', () => {
  const error = new TunnelError('POLICY_DENIED', 'no');
  assert.equal(fromDialError(error, 'a:1'), error);
});

test('any thrown value has a text, and a code only if it has one', () => {
  assert.equal(errorText(new Error('why')), 'why');
  assert.equal(errorText('why'), 'why');
  assert.equal(errorText(undefined), 'undefined');
  assert.equal(errorCode(systemError('EPIPE')), 'EPIPE');
  assert.equal(errorCode({ code: 7 }), undefined);
  assert.equal(errorCode(null), undefined);
  assert.equal(errorCode('EPIPE'), undefined);
});

test('errors of OpenSSL, of the HTTP parser and of IPv6 sockets are said in other words', () => {
  const openssl = (reason: string, more: string) =>
    Object.assign(
      new Error(
        `40E36809EE7F0000:error:0A000458:SSL routines:ssl3_read_bytes:${reason}:../deps/openssl/rec_layer_s3.c:918:${more}`,
      ),
      { library: 'SSL routines', reason, code: 'ERR_SSL_SOMETHING' },
    );
  assert.equal(
    errorText(openssl('tlsv1 unrecognized name', 'SSL alert number 112\n')),
    'the peer ended TLS with alert 112, unrecognized name',
  );
  assert.equal(
    errorText(openssl('sslv3 alert handshake failure', 'SSL alert number 40\n')),
    'the peer ended TLS with alert 40, handshake failure',
  );
  assert.equal(errorText(openssl('unsupported protocol', '')), 'TLS failed: unsupported protocol');
  const parser = Object.assign(new Error('Parse Error: Expected HTTP/, RTSP/ or ICE/'), {
    code: 'HPE_INVALID_CONSTANT',
  });
  assert.equal(errorText(parser), 'the peer does not answer in HTTP');
  const ipv6 = Object.assign(new Error('connect ENETUNREACH 2001:db8::1:5432 - Local (:::0)'), {
    code: 'ENETUNREACH',
    syscall: 'connect',
    address: '2001:db8::1',
    port: 5432,
  });
  assert.equal(errorText(ipv6), 'connect ENETUNREACH [2001:db8::1]:5432');
  assert.equal(fromDialError(ipv6, '[2001:db8::1]:5432').message, 'connect ENETUNREACH [2001:db8::1]:5432');
  assert.equal(fromDialError(ipv6, 'db:5432').message, 'db:5432: connect ENETUNREACH [2001:db8::1]:5432');
  assert.equal(
    errorText(new AggregateError([new Error('one'), ipv6])),
    'one, connect ENETUNREACH [2001:db8::1]:5432',
  );
});
