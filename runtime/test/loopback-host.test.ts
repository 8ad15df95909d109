import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopbackHost } from '../src/loopback-host.ts';

test('names and addresses of this host, and what only looks like one', () => {
  const own = ['localhost', 'LOCALHOST', '127.0.0.1', '127.255.0.9', '::1', '[::1]', '::ffff:127.0.0.1'];
  const others = [
    ...[
      '',
      'localhost.example.com',
      'local',
      '127.0.0.1.example.com',
      '127.0.0',
      '127.0.0.256',
      '1127.0.0.1',
    ],
    ...['10.0.0.1', '0.0.0.0', '::', '::2', '[::ffff:10.0.0.1]', '127.0.0.01', '127.1'],
  ];
  assert.deepEqual(
    own.filter((host) => !isLoopbackHost(host)),
    [],
  );
  assert.deepEqual(others.filter(isLoopbackHost), []);
});
