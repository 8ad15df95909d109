import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { skipWithout } from '../../test/rig/optional.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { sendDatagram } from '../src/notify/send-datagram.ts';

// Node has no Unix datagram sockets to receive with.
const RECEIVER = `
import socket, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(path if path[0] == '/' else '\\0' + path[1:])
print('bound', flush=True)
print(repr(s.recv(4096).decode()), flush=True)
`;

for (const kind of ['path', 'abstract'] as const) {
  test(`a datagram reaches a Unix socket with a ${kind} name`, { skip: skipWithout('python3') }, async () => {
    await using directory = await temporaryDirectory();
    const path = kind === 'path' ? join(directory.path, 'socket') : `@penstock-test-${process.pid}`;
    assert.equal(sendDatagram(path, 'nobody listens'), false);
    const receiver = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(receiver, 'exit');
    const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'bound');
    assert.equal(sendDatagram(path, 'READY=1\nSTATUS=ok'), true);
    assert.equal((await lines.next()).value, String.raw`'READY=1\nSTATUS=ok'`);
    await exit;
  });
}

test('a path that fits no socket address is not sent to', () => {
  assert.equal(sendDatagram(`/${'x'.repeat(200)}`, 'READY=1'), false);
  assert.equal(sendDatagram('relative', 'READY=1'), false);
});
