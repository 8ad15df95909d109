import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { openKeyStore } from '../../src/identity/key-store.ts';
import { readIdentity } from '../../src/identity/read-identity.ts';
import { IssuingGateway } from './issuing-gateway.ts';

const NOBODY = 65_534;
const skip = process.geteuid?.() === 0 ? false : 'only root can take the rights of another user';

test('an identity is read with the rights of its owner, and nothing else through it', {
  skip,
}, async (context) => {
  await using parent = await temporaryDirectory();
  // As /var/lib/private, which only root gets through.
  chmodSync(parent.path, 0o700);
  const directory = join(parent.path, 'identity');
  assert.equal(readIdentity(directory), undefined);
  assert.ok(!existsSync(directory), 'a command that reads creates nothing');

  const store = await openKeyStore(directory);
  const gateway = await IssuingGateway.start();
  await store.stage(await gateway.issue((await store.prepare('orders-1')).csr));
  const { serial } = await store.promote();
  const file = join(directory, 'current.pem');
  for (const path of [directory, file]) chownSync(path, NOBODY, NOBODY);
  assert.equal(readIdentity(directory)?.serial, serial);
  assert.equal(process.geteuid?.(), 0);
  const { mock } = context.mock.method(
    process as Required<Pick<NodeJS.Process, 'setgroups'>>,
    'setgroups',
    () => {
      throw Object.assign(new Error('setgroups EPERM'), { code: 'EPERM' });
    },
  );
  assert.equal(readIdentity(directory)?.serial, serial, 'root without the capability to take other rights');
  chownSync(file, 0, 0);
  assert.throws(() => readIdentity(directory), { fault: 'damaged' });
  mock.restore();
  chmodSync(file, 0o644);
  assert.equal(readIdentity(directory)?.serial, serial, 'a file that root has written for it');
  chmodSync(file, 0o600);
  chownSync(file, NOBODY, NOBODY);
  const link = join(parent.path, 'link');
  symlinkSync(directory, link);
  assert.equal(
    readIdentity(link)?.serial,
    serial,
    'a link of root, as systemd has for the state of a dynamic user',
  );

  // What an agent that was taken over can put there.
  const secret = join(parent.path, 'secret.pem');
  renameSync(file, secret);
  chownSync(secret, 0, 0);
  const unreadable = {
    fault: 'damaged',
    message: /^The identity cannot be read: .* Run the command as root/,
  };
  symlinkSync(secret, file);
  assert.throws(() => readIdentity(directory), unreadable);
  rmSync(file);
  execFileSync('mkfifo', [file]);
  chownSync(file, NOBODY, NOBODY);
  assert.throws(() => readIdentity(directory), unreadable, 'a pipe would be waited for');
  rmSync(file);
  const folder = join(parent.path, 'folder');
  mkdirSync(folder, { mode: 0o700 });
  renameSync(secret, join(folder, 'current.pem'));
  rmSync(directory, { recursive: true });
  symlinkSync(folder, directory);
  execFileSync('chown', ['--no-dereference', 'nobody', directory]);
  assert.throws(() => readIdentity(directory), { fault: 'damaged' });
  writeFileSync(secret, '');
});
