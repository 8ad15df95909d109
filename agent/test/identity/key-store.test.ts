import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { IdentityError } from '../../src/identity/identity-error.ts';
import { openKeyStore } from '../../src/identity/key-store.ts';
import { IssuingGateway, isSelfSigned, publicKeyOf } from './issuing-gateway.ts';

const fault = (expected: IdentityError['fault'], words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof IdentityError, String(error));
  assert.equal(error.fault, expected);
  assert.match(error.message, words);
  return true;
};

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('an identity progresses from key to request to certificate to current, readable by its owner alone', async () => {
  await using parent = await temporaryDirectory();
  const directory = join(parent.path, 'identity');
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory);
  assert.equal(await store.current(), undefined);
  assert.equal(await store.next(), undefined);

  const { csr } = await store.prepare('orders-1');
  assert.equal(await isSelfSigned(csr), true);
  assert.equal(await store.next(), undefined, 'a key alone is not an identity');
  const staged = await store.stage(await gateway.issue(csr));
  assert.equal((await store.next())?.serial, staged.serial);
  assert.equal(await store.current(), undefined);
  const promoted = await store.promote();

  assert.deepEqual(await store.current(), promoted);
  assert.equal(await store.next(), undefined);
  assert.equal(promoted.agentId, 'agt_one');
  assert.equal(promoted.name, 'orders-1');
  assert.equal(promoted.pool, 'dc1');
  assert.equal(promoted.organization, 'acme');
  const spki = createPublicKey(promoted.key.reveal()).export({ type: 'spki', format: 'der' });
  assert.equal(spki.toString('hex'), publicKeyOf(csr));
  assert.equal(new X509Certificate(promoted.certificate).serialNumber, promoted.serial);
  assert.equal(JSON.stringify(promoted).includes('PRIVATE KEY'), false);
  assert.equal(await modeOf(directory), 0o700);
  assert.equal(await modeOf(join(directory, 'current.pem')), 0o600);
  assert.deepEqual(await readdir(directory), ['current.pem']);
});

test('a prepared key is reused until its certificate arrives, also by another process', async () => {
  await using directory = await temporaryDirectory();
  const first = await (await openKeyStore(directory.path)).prepare('orders-1');
  const again = await (await openKeyStore(directory.path)).prepare('orders-1');
  assert.equal(publicKeyOf(first.csr), publicKeyOf(again.csr));
});

test('renewal creates a new key and does not change the current identity until promotion', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  const first = await store.prepare('orders-1');
  await store.stage(await gateway.issue(first.csr));
  const current = await store.promote();

  const second = await store.prepare('orders-1');
  assert.notEqual(publicKeyOf(second.csr), publicKeyOf(first.csr));
  const staged = await store.stage(await gateway.issue(second.csr));
  assert.equal((await store.current())?.serial, current.serial);
  assert.notEqual(staged.serial, current.serial);
  await store.discardNext();
  assert.equal(await store.next(), undefined);
  assert.equal((await store.current())?.serial, current.serial);

  const same = await store.prepare('orders-1', 'current');
  assert.equal(publicKeyOf(same.csr), publicKeyOf(first.csr));
});

test('a certificate for another key, of another signer or without its CA is rejected', async () => {
  await using directory = await temporaryDirectory();
  await using other = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const stranger = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  const { csr } = await store.prepare('orders-1');
  const foreign = await (await openKeyStore(other.path)).prepare('orders-1');

  await assert.rejects(
    async () => store.stage(await gateway.issue(foreign.csr)),
    fault('certificate-rejected', /another key/),
  );
  const issued = await gateway.issue(csr);
  const elsewhere = await stranger.issue(csr);
  const [leaf] = issued.certificateChain.split(/(?<=-----END CERTIFICATE-----\n)/);
  const [, otherCa] = elsewhere.certificateChain.split(/(?<=-----END CERTIFICATE-----\n)/);
  await assert.rejects(
    store.stage({ ...issued, certificateChain: `${leaf}${otherCa}` }),
    fault('certificate-rejected', /not signed by the CA/),
  );
  await assert.rejects(
    store.stage({ ...issued, certificateChain: leaf ?? '' }),
    fault('certificate-rejected', /without the CA/),
  );
  await assert.rejects(
    store.stage({ ...issued, certificateChain: 'no certificate' }),
    fault('certificate-rejected', /without the CA/),
  );
  assert.equal(await store.next(), undefined);
  assert.equal((await store.stage(issued)).agentId, 'agt_one');
});

test('promoting or staging without a next key is an error', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  await using other = await temporaryDirectory();
  const { csr } = await (await openKeyStore(other.path)).prepare('orders-1');
  const store = await openKeyStore(directory.path);
  await assert.rejects(store.promote(), fault('missing', /no next identity/));
  await assert.rejects(async () => store.stage(await gateway.issue(csr)), fault('missing', /no next key/));
});

test('a directory or key that other users can read is rejected, and the message names the field', {
  skip: process.platform === 'win32' && 'Windows has no such modes',
}, async () => {
  await using parent = await temporaryDirectory();
  const open = join(parent.path, 'open');
  await mkdir(open);
  await chmod(open, 0o750);
  await assert.rejects(openKeyStore(open), {
    name: 'PrivateFileError',
    fault: 'open-to-others',
    message: /identity\.directory/,
  });
  await chmod(open, 0o700);

  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(open);
  await store.stage(await gateway.issue((await store.prepare('orders-1')).csr));
  await store.promote();
  await chmod(join(open, 'current.pem'), 0o640);
  await assert.rejects(store.current(), { name: 'PrivateFileError', fault: 'open-to-others' });
});

test('a truncated current file is reported as damaged, and a truncated next file is created again', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  await store.stage(await gateway.issue((await store.prepare('orders-1')).csr));
  const whole = await store.promote();
  const current = join(directory.path, 'current.pem');
  const next = join(directory.path, 'next.pem');
  const { length } = await readFile(current);
  let cuts = 0;
  for (let at = 0; at < length - 1; at += 40) {
    await copyFile(current, next);
    await truncate(next, at);
    assert.equal(await store.next(), undefined, `cut at ${at}`);
    const { csr } = await store.prepare('orders-1');
    assert.equal((await store.stage(await gateway.issue(csr))).name, 'orders-1', `cut at ${at}`);
    cuts += 1;
  }
  assert.equal((await store.current())?.serial, whole.serial);
  assert.ok(cuts > 20, `${cuts} cuts`);
  for (let at = length - 40; at >= 0; at -= 40) {
    await truncate(current, at);
    await assert.rejects(
      store.current(),
      fault('damaged', /current\.pem is .*\. Restore it from a backup/),
      `cut at ${at}`,
    );
  }
});
