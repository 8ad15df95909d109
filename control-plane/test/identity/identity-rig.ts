import assert from 'node:assert/strict';
import type { webcrypto } from 'node:crypto';
import type { Store } from '@penstock/store';
import {
  type AgentIdentity,
  type EnrollRequest,
  type IssuedIdentity,
  type ProblemCode,
  ProblemError,
  readAgentIdentity,
} from '@penstock/wire';
import { openTestStore } from '../../../store/test/open-test-store.ts';
import { poolConfig } from '../../../test/rig/pool-config.ts';
import { ensureAuthority } from '../../src/identity/authority-files.ts';
import type { EnrollmentTokenRequest } from '../../src/identity/enrollment-token.ts';
import type { Presence } from '../../src/identity/name-claim.ts';
import { type Identity, openIdentity } from '../../src/identity/open-identity.ts';
import { createKey, P256_SHA256 } from '../../src/identity/p256.ts';
import { Pkcs10CertificateRequestGenerator, X509Certificate } from '../../src/identity/x509.ts';

export const HOUR = 60 * 60_000;
export const HOST = { id: 'host' };
export const FROM = '10.1.2.3';

export type IdentityRig = AsyncDisposable & {
  readonly identity: Identity;
  readonly store: Store;
  readonly directory: string;
  /** The time, which tests advance. */
  readonly clock: { now: number };
  readonly presence: Map<string, Presence>;
  readonly pruneFailures: readonly unknown[];
  /** Creates a token, by default for the pool dc1, with one use and valid for an hour. */
  token(request?: Partial<EnrollmentTokenRequest>): Promise<string>;
  /** Opens the identities again over the same store, as a restarted gateway does. */
  restart(): Promise<Identity>;
};

/** The store and the agent CA of another gateway. */
export type SharedStore = { readonly store: Store; readonly directory: string; readonly epoch: string };

/** The identities of a gateway with the pools dc1 and dc2, over a real store and a clock that does not advance. */
export async function identityRig(shared?: SharedStore): Promise<IdentityRig> {
  const opened = await openTestStore();
  const { store = opened.store, directory = opened.directory, epoch } = shared ?? {};
  const clock = { now: Date.now() };
  const pruneFailures: unknown[] = [];
  const presence = new Map<string, Presence>();
  await ensureAuthority(directory, 'acme', clock.now);
  const config = {
    pools: ['dc1', 'dc2'].map((name) => poolConfig({ name, minReady: 0 })),
    identity: { certificateLifetime: 24 * HOUR, renewalGrace: 48 * HOUR },
  };
  const stops: (() => Promise<void>)[] = [];
  const open = async () => {
    const opening = await openIdentity({
      store,
      config: () => config,
      dataDirectory: directory,
      organization: 'acme',
      epoch,
      presence: (agentId) => presence.get(agentId) ?? { state: 'unknown' },
      clock: () => clock.now,
      onPruneFailed: (error) => pruneFailures.push(error),
    });
    stops.push(opening.stop);
    return opening;
  };
  const identity = await open();
  // A gateway that has been up for a while: nobody waits for agents to come back after its start.
  clock.now += HOUR;
  return {
    identity,
    store,
    directory,
    clock,
    presence,
    pruneFailures,
    token: async (request = {}) =>
      (await identity.tokens.create({ pool: 'dc1', uses: 1, ttl: HOUR, ...request }, HOST)).token,
    restart: open,
    async [Symbol.asyncDispose]() {
      await Promise.all(stops.map((stop) => stop()));
      await opened[Symbol.asyncDispose]();
    },
  };
}

/** A key as an agent has it, and its certificate request. */
export async function agentKey(): Promise<{ csr: string; pem: string; keys: webcrypto.CryptoKeyPair }> {
  const { keys, pem } = await createKey();
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=whatever',
    keys,
    signingAlgorithm: P256_SHA256,
  });
  return { csr: request.toString('pem'), pem, keys };
}

export function requestOf(token: string, csr: string, more: Partial<EnrollRequest> = {}): EnrollRequest {
  return { token, csr, name: 'orders-1', pool: 'dc1', ...more };
}

export function identityIn({ certificateChain }: IssuedIdentity): AgentIdentity {
  const identity = readAgentIdentity(Buffer.from(new X509Certificate(certificateChain).rawData));
  assert.ok(identity);
  return identity;
}

/** For assert.rejects: a ProblemError with this code and words that match. */
export const problem =
  (code: ProblemCode, words: RegExp = /./) =>
  (error: unknown): true => {
    assert.ok(error instanceof ProblemError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
