import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import { ProblemError, paths, problemCodes } from '@penstock/wire';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';
import { IdentityError } from '../../src/identity/identity-error.ts';
import { IdentityKeeper } from '../../src/identity/identity-keeper.ts';
import { openKeyStore } from '../../src/identity/key-store.ts';
import { renewalRetryDelay } from '../../src/identity/renewal-retry-delay.ts';
import { IssuingGateway } from './issuing-gateway.ts';

const HOUR = 3_600_000;
const TOKEN = new Secret('pst_enroll_test');
const never = new AbortController().signal;

type Logged = { readonly event: string } & Readonly<Record<string, unknown>>;

async function startKeeper(token: Secret | undefined = TOKEN) {
  const directory = await temporaryDirectory();
  const gateway = await IssuingGateway.start();
  const clock = fakeClock(Date.now());
  const keyStore = await openKeyStore(directory.path);
  const logged: Logged[] = [];
  const rig = {
    gateway,
    clock,
    keyStore,
    logged,
    token: token as Secret | undefined,
    missing: undefined as string | undefined,
    staged: 0,
    /** Milliseconds that the gateway's clock is ahead, as far as the agent knows. */
    offset: 0,
    promoted: [] as string[],
    requests: (path: string) => gateway.requests.filter((request) => request.path === path).length,
    events: (event: string) => logged.filter((entry) => entry.event === event),
    /** Lets time pass until the next request. */
    async tried() {
      const before = gateway.requests.length;
      do await clock.pass(clock.waiting[0] ?? 0);
      while (gateway.requests.length === before && clock.waiting.length > 0);
    },
    /** Lets time pass until the next request, and waits for the event that follows. */
    async next(event: string) {
      const before = rig.events(event).length;
      await rig.tried();
      await eventually(`another ${event}`, () => rig.events(event).length > before);
    },
    async renewed() {
      const before = rig.staged;
      await rig.tried();
      await eventually('a renewed identity', () => rig.staged > before);
      const { candidate } = keeper;
      assert.ok(candidate);
      return candidate;
    },
    [Symbol.asyncDispose]: () => {
      keeper.stop();
      return directory[Symbol.asyncDispose]();
    },
  };
  const keeper = await IdentityKeeper.open({
    keyStore,
    name: 'orders-1',
    pool: 'dc1',
    enrollmentToken: () => rig.token,
    enrollmentTokenMissing: () => rig.missing,
    post: () => gateway.post,
    log: (event, fields) => logged.push({ event, ...fields }),
    clock,
    clockOffset: () => rig.offset,
    backoff: () => ({ base: 500, max: 30_000 }),
    isPermanent: (error) => error instanceof ProblemError && problemCodes[error.code].permanent,
    onStaged: () => {
      rig.staged += 1;
    },
    onPromoted: ({ serial }) => rig.promoted.push(serial),
  });
  return { ...rig, rig, keeper };
}

async function enrolled(token?: Secret) {
  const started = await startKeeper(token);
  await started.keeper.ensureEnrolled(never);
  started.keeper.start();
  const { current } = started.keeper;
  assert.ok(current);
  return { ...started, first: current };
}

test('renewed credentials are the candidate until a session confirms them, and then current', async () => {
  await using at = await enrolled();
  const start = at.clock.now();
  const next = await at.rig.renewed();
  const wait = at.clock.now() - start;
  assert.ok(wait > 14 * HOUR && wait <= 16 * HOUR, `renewal was due in ${wait} ms`);
  assert.notEqual(next.serial, at.first.serial);
  assert.equal(at.keeper.current?.serial, at.first.serial);
  assert.equal((await at.keyStore.current())?.serial, at.first.serial);
  await at.keeper.confirm(at.first);
  assert.equal(at.keeper.current?.serial, at.first.serial);
  await at.keeper.confirm(next);
  assert.equal(at.keeper.current?.serial, next.serial);
  assert.equal((await at.keyStore.current())?.serial, next.serial);
  assert.deepEqual(at.promoted, [next.serial]);
  assert.equal(at.keeper.candidate?.serial, next.serial);
});

test('a clock that is half a day behind does not delay renewal once the offset is known', async () => {
  await using at = await startKeeper();
  at.clock.sleep(-12 * HOUR);
  await at.keeper.ensureEnrolled(never);
  at.keeper.start();
  at.rig.offset = 12 * HOUR;
  const start = at.clock.now();
  await at.rig.renewed();
  const wait = at.clock.now() - start;
  assert.ok(wait > 14 * HOUR && wait <= 16 * HOUR, `it was renewed after ${wait} ms`);
});

test('a host that slept past the time to renew renews within a minute', async () => {
  await using at = await enrolled();
  await at.clock.pass(HOUR);
  at.clock.sleep(16 * HOUR);
  const start = at.clock.now();
  await at.rig.renewed();
  assert.ok(at.clock.now() - start <= 60_000);
});

test('renewed credentials that the gateway refuses are dropped, and the current ones stay in use', async () => {
  await using at = await enrolled();
  const next = await at.rig.renewed();
  assert.equal(await at.keeper.handleRejection(next), true);
  assert.equal(at.keeper.candidate?.serial, at.first.serial);
  assert.equal(await at.keyStore.next(), undefined);
  assert.equal(at.requests(paths.enroll), 1);
});

test('renewal is retried ever more slowly when the gateway refuses every renewed certificate', async () => {
  await using at = await enrolled();
  at.clock.chance(0.999999);
  const waits: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    const next = await at.rig.renewed();
    await at.keeper.handleRejection(next);
    waits.push(Math.round(at.clock.waiting[0] ?? 0));
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('a failed renewal keeps the identity and is retried, with the same key after a lost answer', async () => {
  await using at = await enrolled();
  at.gateway.loseAnswer = true;
  await at.rig.next('identity-renewal-failed');
  assert.equal(at.keeper.candidate?.serial, at.first.serial);
  const next = await at.rig.renewed();
  await at.keeper.confirm(next);
  assert.equal(at.requests(paths.renew), 2);
});

test('Retry-After of a refused renewal is honored', async () => {
  await using at = await enrolled();
  at.gateway.refuseWith = new ProblemError('STORE_UNAVAILABLE', undefined, { retryAfter: 120 });
  await at.rig.next('identity-renewal-failed');
  assert.deepEqual(at.clock.waiting, [120_000]);
});

test('without a token, an expired identity is kept and renewed with long delays', async () => {
  await using at = await enrolled();
  at.rig.token = undefined;
  at.gateway.refuseWith = new ProblemError('IDENTITY_EXPIRED');
  assert.equal(await at.keeper.handleRejection(at.first), false);
  assert.equal((await at.keyStore.current())?.serial, at.first.serial);
  at.clock.sleep(30 * HOUR);
  await at.rig.next('identity-renewal-failed');
  assert.ok((at.clock.waiting[0] ?? 0) >= 15_000, 'an expired certificate is not renewed in a tight loop');
  assert.equal(at.requests(paths.enroll), 1);
});

test('with a token, an agent whose identity expired enrolls again, once for all sessions', async () => {
  await using at = await enrolled();
  const outcomes = await Promise.all([1, 2, 3].map(() => at.keeper.handleRejection(at.first)));
  assert.deepEqual(outcomes, [true, true, true]);
  assert.equal(at.requests(paths.enroll), 2);
  assert.notEqual(at.keeper.current?.serial, at.first.serial);
  assert.deepEqual(at.promoted, [at.keeper.current?.serial]);
  assert.equal(at.events('enrollment-failed').length, 0);
});

test('a renewal that is refused because of the certificate enrolls again if there is a token', async () => {
  await using at = await enrolled();
  at.gateway.refuseWith = new ProblemError('IDENTITY_UNKNOWN');
  await at.rig.next('identity-enrolled');
  assert.equal(at.requests(paths.enroll), 2);
  assert.deepEqual(at.promoted, [at.keeper.current?.serial]);
});

test('a failed enrollment leaves the identity unchanged', async () => {
  await using at = await enrolled();
  at.gateway.refuseWith = new ProblemError('TOKEN_EXHAUSTED');
  assert.equal(await at.keeper.handleRejection(at.first), false);
  assert.equal(at.keeper.current?.serial, at.first.serial);
  assert.deepEqual(
    at.events('enrollment-failed').map(({ code }) => code),
    ['TOKEN_EXHAUSTED'],
  );
});

test('stopping ends renewal, including one in progress', async () => {
  const at = await enrolled();
  const answer = Promise.withResolvers<void>();
  const { issue } = at.gateway;
  at.gateway.issue = async (...request) => {
    await answer.promise;
    return issue.apply(at.gateway, request);
  };
  await at.rig.tried();
  await eventually('the request', () => at.requests(paths.renew) === 1);
  at.keeper.stop();
  answer.resolve();
  await eventually('the answer', async () => (await at.keyStore.next()) !== undefined);
  assert.deepEqual(at.clock.waiting, []);
  assert.equal(at.rig.staged, 0);
  await at[Symbol.asyncDispose]();
});

test('an enrollment that completes while the agent stops is current in memory as well as on disk', async () => {
  await using at = await startKeeper();
  const answer = Promise.withResolvers<void>();
  const { issue } = at.gateway;
  at.gateway.issue = async (...request) => {
    await answer.promise;
    return issue.apply(at.gateway, request);
  };
  const stopping = new AbortController();
  const ensured = at.keeper.ensureEnrolled(stopping.signal);
  await eventually('the request', () => at.requests(paths.enroll) === 1);
  at.keeper.stop();
  stopping.abort();
  answer.resolve();
  await ensured;
  const stored = await at.keyStore.current();
  assert.ok(stored);
  assert.equal(at.keeper.current?.serial, stored.serial);
  assert.deepEqual(at.clock.waiting, []);
});

test('next credentials that a start finds are tried first', async () => {
  await using at = await enrolled();
  const next = await at.rig.renewed();
  const again = await IdentityKeeper.open({
    keyStore: at.keyStore,
    name: 'orders-1',
    pool: 'dc1',
    enrollmentToken: () => undefined,
    post: () => at.gateway.post,
    log: () => {},
    clock: at.clock,
    clockOffset: () => 0,
    backoff: () => ({ base: 1, max: 1 }),
    isPermanent: () => false,
    onStaged: () => {},
    onPromoted: () => {},
  });
  assert.equal(again.candidate?.serial, next.serial);
  assert.equal(again.current?.serial, at.first.serial);
  again.stop();
});

test('a failed enrollment is retried until it succeeds, less and less often if only a person can help', async () => {
  await using at = await startKeeper();
  at.clock.chance(0.999999);
  const seconds = () =>
    at.events('enrollment-failed').map(({ retryIn }) => Math.round(Number(retryIn) / 1000));
  at.gateway.refuseWith = new ProblemError('TOKEN_EXPIRED');
  const ensured = at.keeper.ensureEnrolled(never);
  await eventually('a first failure', () => at.events('enrollment-failed').length === 1);
  const [first] = at.events('enrollment-failed');
  assert.equal(first?.['code'], 'TOKEN_EXPIRED');
  assert.match(String(first?.['advice']), /^Create a new token with .*--ttl/);
  for (const code of [
    'TOKEN_EXHAUSTED',
    'NAME_TAKEN',
    'POOL_UNKNOWN',
    'TOKEN_REVOKED',
    'TOKEN_UNKNOWN',
    'TOKEN_UNKNOWN',
  ] as const) {
    at.gateway.refuseWith = new ProblemError(code);
    await at.rig.next('enrollment-failed');
  }
  assert.deepEqual(seconds(), [30, 60, 120, 240, 480, 600, 600]);
  // A new token in agent.yaml is used at once.
  at.gateway.refuseWith = new ProblemError('TOO_MANY_REQUESTS', undefined, { retryAfter: 40 });
  at.keeper.retryNow();
  await eventually('an attempt at once', () => at.events('enrollment-failed').length === 8);
  assert.equal(seconds().at(-1), 40);
  await at.rig.next('identity-enrolled');
  await ensured;
  assert.ok(at.keeper.current);
});

test('what passes by itself is tried again within seconds', async () => {
  await using at = await startKeeper();
  at.clock.chance(0.999999);
  at.gateway.refuseWith = new ProblemError('INTERNAL');
  const ensured = at.keeper.ensureEnrolled(never);
  await eventually('a first failure', () => at.events('enrollment-failed').length === 1);
  at.gateway.refuseWith = new ProblemError('STORE_UNAVAILABLE');
  await at.rig.next('enrollment-failed');
  assert.deepEqual(
    at.events('enrollment-failed').map(({ retryIn }) => retryIn),
    [500, 1000],
  );
  await at.rig.next('identity-enrolled');
  await ensured;
});

test('a directory with the identity of another agent is refused, and left as it is', async () => {
  await using at = await enrolled();
  const options = {
    keyStore: at.keyStore,
    enrollmentToken: () => TOKEN,
    post: () => at.gateway.post,
    log: () => {},
    clock: at.clock,
    clockOffset: () => 0,
    backoff: () => ({ base: 1, max: 1 }),
    isPermanent: () => false,
    onStaged: () => {},
    onPromoted: () => {},
  };
  for (const names of [
    { name: 'billing-1', pool: 'dc1' },
    { name: 'orders-1', pool: 'dc2' },
  ]) {
    await assert.rejects(
      IdentityKeeper.open({ ...options, ...names }),
      (error) =>
        error instanceof IdentityError &&
        error.fault === 'foreign' &&
        error.message.includes(
          `has the identity of orders-1 in pool dc1, but agent.yaml is for ${names.name} in pool ${names.pool}`,
        ),
    );
  }
  assert.equal(at.requests(paths.enroll), 1);
  assert.equal((await at.keyStore.current())?.serial, at.first.serial);
});

test('without a token and an identity, enrollment is impossible', async () => {
  await using at = await startKeeper();
  at.rig.token = undefined;
  await assert.rejects(
    at.keeper.ensureEnrolled(never),
    (error) => error instanceof IdentityError && error.message.includes('penstock-gateway token create'),
  );
  at.rig.missing = '`identity.enrollmentToken` refers to a file that does not exist.';
  await assert.rejects(
    at.keeper.ensureEnrolled(never),
    (error) =>
      error instanceof IdentityError && error.message.includes('refers to a file that does not exist'),
  );
});

test('delays between renewals depend on the remaining lifetime of the certificate', () => {
  assert.equal(renewalRetryDelay(HOUR, 0, 0), 500);
  assert.equal(renewalRetryDelay(HOUR, 3, 0.999999) > 3_999, true);
  assert.equal(renewalRetryDelay(10_000, 10, 0.999999) <= 1_000, true);
  assert.equal(renewalRetryDelay(10, 10, 0.5), 500);
  assert.equal(renewalRetryDelay(0, 0, 0), 15_000);
  assert.equal(renewalRetryDelay(-HOUR, 50, 0), 15_000);
});
