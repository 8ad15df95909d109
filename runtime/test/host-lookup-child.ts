/**
 * Runs in namespaces of its own, whose resolv.conf names 127.0.0.1: serves DNS there, silent for every name below `dead.test`,
 * and resolves names beside lookups that do not end.
 */
import { createSocket } from 'node:dgram';
import { hostLookup } from '../src/host-lookup.ts';

const TYPE_A = 1;

const server = createSocket('udp4');
server.on('message', (query, from) => {
  const labels: string[] = [];
  let offset = 12;
  for (let length = query[offset] ?? 0; length > 0; length = query[offset] ?? 0) {
    labels.push(query.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  const question = query.subarray(12, offset + 5);
  if (labels.join('.').endsWith('dead.test')) return;
  const isA = query.readUInt16BE(offset + 1) === TYPE_A;
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  // A recursive answer, with one record for A and none for AAAA (RFC 1035 section 4.1).
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(isA ? 1 : 0, 6);
  const record = Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 1]);
  server.send(Buffer.concat(isA ? [head, question, record] : [head, question]), from.port, from.address);
});
server.bind(53, '127.0.0.1', async () => {
  let ended = 0;
  const dead = Array.from({ length: 60 }, (_, index) => `db${index}.zone${index % 6}.dead.test`);
  for (const host of dead) {
    hostLookup(host).then(
      () => (ended += 1),
      () => (ended += 1),
    );
  }
  const found = await Promise.all(
    ['db.good.test', 'other.fine.test', 'localhost'].map((host) => hostLookup(host)),
  );
  process.stdout.write(`${JSON.stringify({ addresses: found.map((each) => each[0]?.address), ended })}\n`);
  process.exit();
});
