import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import {
  type EnrollRequest,
  type ProblemCode,
  ProblemError,
  paths,
  problemCodes,
  type RenewRequest,
} from '@penstock/wire';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { enroll } from '../../src/identity/enroll.ts';
import { IdentityError } from '../../src/identity/identity-error.ts';
import { openKeyStore } from '../../src/identity/key-store.ts';
import { renew, renewAt } from '../../src/identity/renew.ts';
import { IssuingGateway, publicKeyOf } from './issuing-gateway.ts';

const who = { token: new Secret('pst_enroll_test'), name: 'orders-1', pool: 'dc1' };

const problem = (code: ProblemCode, words: RegExp, retryAfter?: number) => (error: unknown) => {
  assert.ok(error instanceof ProblemError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, words);
  assert.equal(error.retryAfter, retryAfter);
  return true;
};

test('enrolling sends token, name, pool and request, and makes the identity current', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  const identity = await enroll(gateway.post, who, store);
  assert.deepEqual(await store.current(), identity);
  const [request] = gateway.requests;
  assert.ok(request);
  assert.equal(request.path, paths.enroll);
  const { csr, ...rest } = request.body as EnrollRequest;
  assert.deepEqual(rest, { token: 'pst_enroll_test', name: 'orders-1', pool: 'dc1' });
  assert.match(csr, /^-----BEGIN CERTIFICATE REQUEST-----/);
});

test('after a lost answer, the same key is sent again', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  gateway.loseAnswer = true;
  await assert.rejects(enroll(gateway.post, who, await openKeyStore(directory.path)), /connection was lost/);
  await enroll(gateway.post, who, await openKeyStore(directory.path));
  assert.equal(gateway.requests.length, 2);
  assert.equal(sentKey(gateway, 0), sentKey(gateway, 1));
});

test('an agent enrolls again with its existing key', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  await enroll(gateway.post, who, store);
  await enroll(gateway.post, who, store);
  assert.equal(sentKey(gateway, 0), sentKey(gateway, 1));
});

const isForeign = (words: RegExp) => (error: unknown) =>
  error instanceof IdentityError && error.fault === 'foreign' && words.test(error.message);

test('the identity of another agent, or of another organization, is never overwritten', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  const first = await enroll(gateway.post, who, store);
  const otherName = enroll(gateway.post, { ...who, name: 'orders-2' }, store);
  await assert.rejects(
    otherName,
    isForeign(/the identity of orders-1 in pool dc1.*is for orders-2 in pool dc1.*identity\.directory/),
  );
  assert.equal(gateway.requests.length, 1, 'the token keeps its use');
  const elsewhere = await IssuingGateway.start();
  elsewhere.organization = 'globex';
  await assert.rejects(
    enroll(elsewhere.post, who, store),
    isForeign(/organization globex.*an agent of acme.*kept/),
  );
  assert.deepEqual(await store.current(), first);
  assert.equal(await store.next(), undefined);
  // The gateway was set up again with another CA.
  await enroll((await IssuingGateway.start()).post, who, store);
});

test('every refusal of the gateway is reported with its code, message and Retry-After', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  const codes = Object.keys(problemCodes) as ProblemCode[];
  for (const code of codes) {
    gateway.refuseWith = new ProblemError(code, `Refused with ${code}.`, { retryAfter: 7 });
    await assert.rejects(enroll(gateway.post, who, store), problem(code, new RegExp(`with ${code}\\.`), 7));
  }
  assert.ok(codes.length > 15, `${codes.length} codes`);
  assert.equal(await store.current(), undefined);
});

test('an answer that is not from Penstock is reported as such', async () => {
  await using directory = await temporaryDirectory();
  const store = await openKeyStore(directory.path);
  const answer = (status: number, body: unknown) => enroll(async () => ({ status, body }), who, store);
  await assert.rejects(answer(502, undefined), problem('INTERNAL', /HTTP 502 .*between/));
  await assert.rejects(answer(403, { code: 'BLOCKED' }), problem('INTERNAL', /HTTP 403/));
  await assert.rejects(answer(200, { agentId: 'agt' }), problem('INTERNAL', /without an identity/));
  await assert.rejects(answer(200, 'html'), problem('INTERNAL', /without an identity/));
});

test('a certificate for another agent is not used', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  const misnaming = async (path: string, body: unknown) =>
    gateway.post(path, { ...(body as EnrollRequest), name: 'orders-9' });
  await assert.rejects(enroll(misnaming, who, store), refused(/certificate for orders-9/));
  assert.equal(await store.current(), undefined);
  assert.equal(await store.next(), undefined);

  await enroll(gateway.post, who, store);
  gateway.agentId = 'agt_two';
  await assert.rejects(renew(gateway.post, store), refused(/another agent/));
  assert.equal((await store.current())?.agentId, 'agt_one');
});

test('renewal stages the next identity, and a lost answer is harmless', async () => {
  await using directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const store = await openKeyStore(directory.path);
  await assert.rejects(renew(gateway.post, store), (error: unknown) => {
    assert.ok(error instanceof IdentityError);
    assert.equal(error.fault, 'missing');
    return true;
  });
  const first = await enroll(gateway.post, who, store);
  gateway.loseAnswer = true;
  await assert.rejects(renew(gateway.post, store), /connection was lost/);
  const staged = await renew(gateway.post, store);
  assert.equal(sentKey(gateway, 1), sentKey(gateway, 2));
  assert.notEqual(sentKey(gateway, 0), sentKey(gateway, 1));
  assert.equal(gateway.requests[2]?.path, paths.renew);
  assert.equal((await store.current())?.serial, first.serial);
  assert.equal((await store.next())?.serial, staged.serial);
  assert.equal((await store.promote()).serial, staged.serial);
});

test('renewal is due at two thirds of the lifetime or slightly earlier, never later', () => {
  const life = { notBefore: 1000, notAfter: 1000 + 90_000 };
  assert.equal(Math.round(renewAt(life, () => 0)), 61_000);
  assert.equal(Math.round(renewAt(life, () => 0.999999)), 56_500);
  const drawn = new Set(Array.from({ length: 20 }, () => renewAt(life)));
  assert.ok(drawn.size > 1, 'not all agents renew at once');
  for (const at of drawn) assert.ok(at > 56_000 && at <= 61_000, String(at));
});

const refused = (words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof IdentityError, String(error));
  assert.equal(error.fault, 'certificate-rejected');
  assert.match(error.message, words);
  return true;
};

function sentKey(gateway: IssuingGateway, index: number): string {
  const request = gateway.requests[index];
  assert.ok(request);
  return publicKeyOf((request.body as RenewRequest).csr);
}
