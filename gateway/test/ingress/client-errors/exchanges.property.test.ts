import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectorKinds } from '@penstock/config-schema';
import { type CloseCode, closeCodes } from '@penstock/wire';
import fc from 'fast-check';
import { clientError, errorLine } from '../../../src/ingress/client-errors/client-error.ts';
import { errorProtocols } from '../../../src/ingress/client-errors/error-exchanges.ts';

const codes = Object.keys(closeCodes) as CloseCode[];
const starts = [
  Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]),
  Buffer.from('*1\r\n$4\r\nPING\r\n'),
  Buffer.from('*999999999\r\n$-1\r\n'),
  Buffer.from('GET / HTTP/1.1\r\n'),
  Buffer.from([0x12, 1, 0, 47, 0, 0, 1, 0, 1, 0, 0xff, 0xff, 1]),
  Buffer.from([0x16, 3, 1]),
  Buffer.alloc(16, 0xdd),
];

test('whatever a client sends, a step is taken that consumes what was received and answers with little', () => {
  const input = fc.tuple(
    fc.constantFrom(Buffer.alloc(0), ...starts),
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(
      input,
      fc.constantFrom(...connectorKinds),
      fc.constantFrom(...codes),
      fc.boolean(),
      ([start, rest], kind, code, isEncrypted) => {
        const exchange = errorProtocols[kind]?.create(clientError(code, 'orders'));
        const received = Buffer.concat([start, rest]);
        const step = exchange?.push(received, isEncrypted);
        if (step === undefined) return;
        if (step.is === 'answer' || step.is === 'tls') assert.ok(step.consumed <= received.length);
        if (step.is === 'answer') assert.ok(step.consumed > 0);
        if (step.is === 'tls') assert.equal(isEncrypted, false);
        if (step.is === 'answer' || step.is === 'final') assert.ok(step.bytes.length < 2048);
      },
    ),
  );
});

test('the error is the same for every code: the code, a sentence, what to do, and no line end', () => {
  for (const code of codes) {
    const line = errorLine(clientError(code, 'orders'));
    assert.match(line, new RegExp(`^Penstock: ${code}: [A-Z][\\x20-\\x7e]+\\. [\\x20-\\x7e]+\\.$`), line);
    assert.equal(line.includes('orders'), code !== 'CLIENT_DENIED', line);
    assert.ok(line.length < 400);
  }
  assert.equal(codes.length, 32);
});
