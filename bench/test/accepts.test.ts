import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listeningPorts } from '../routes/accepts.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0 100 0 0 10 0
   1: 0100007F:A001 0100007F:1F91 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0 20 4 30 10 -1
  12: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1 0 100 0 0 10 0
`;

test('only listening sockets count, by their local port', () => {
  assert.deepEqual(listeningPorts(table), new Set([8080, 22]));
});
