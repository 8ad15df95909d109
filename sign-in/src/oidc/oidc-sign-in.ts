import { Semaphore } from '@penstock/runtime';
import type { ConsoleUser } from '@penstock/store';
import type { Configuration } from 'openid-client';
import { SignInRefusal } from '../refusal.ts';
import { isLoopbackName } from '../site.ts';
import { type Claims, type GroupRole, groupsOf, isUserOf, userOf } from './claims.ts';
import type { PendingSignIn } from './pending-cookie.ts';

/** `signIn.oidc` of gateway.yaml. */
export type OidcSettings = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  readonly groupsClaim: string;
  readonly roles: readonly GroupRole[];
};

/** Seconds for one request to the identity provider. */
const TIMEOUT_SECONDS = 10;
/** Sign-ins that wait for the identity provider at the same time. */
const MAX_CONCURRENT = 8;
/** How long the provider's metadata is used. */
const METADATA_MS = 60 * 60_000;

type Discovered = {
  readonly key: string;
  readonly at: number;
  readonly configuration: Promise<Configuration>;
};

/**
 * Signs users in with an OpenID Connect provider: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0,
 * section 3.1; RFC 9700). Groups are looked at in every sign-in. Methods throw SignInRefusal.
 */
export class OidcSignIn {
  readonly #settings: () => OidcSettings | undefined;
  readonly #clock: () => number;
  readonly #permits = new Semaphore(MAX_CONCURRENT);
  #discovered: Discovered | undefined;

  constructor(settings: () => OidcSettings | undefined, clock: () => number) {
    this.#settings = settings;
    this.#clock = clock;
  }

  get isConfigured(): boolean {
    return this.#settings() !== undefined;
  }

  /** Whether the provider that gateway.yaml has now is the one of this actor, `oidc:ISSUER SUBJECT`. */
  isUser(actor: string): boolean {
    return isUserOf(this.#settings()?.issuer, actor);
  }

  /** The URL at the provider to which the browser is sent, and what the browser keeps until it returns. */
  begin(redirectUri: string): Promise<{ readonly url: URL; readonly pending: PendingSignIn }> {
    return this.#limited(async (settings) => {
      const client = await import('openid-client');
      const configuration = await this.#discover(settings);
      const pending: PendingSignIn = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: settings.scopes.join(' '),
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      });
      return { url, pending };
    });
  }

  /** The user whom the provider has sent back. `callback` is the URL of the request, with its query. */
  finish(callback: URL, pending: PendingSignIn | undefined): Promise<ConsoleUser> {
    if (pending === undefined) {
      throw new SignInRefusal(
        'SIGN_IN_REFUSED',
        'This sign-in was not started in this browser, or more than 10 minutes ago. Start it again from the console.',
      );
    }
    return this.#limited(async (settings) => {
      const client = await import('openid-client');
      const configuration = await this.#discover(settings);
      const tokens = await client.authorizationCodeGrant(configuration, callback, {
        pkceCodeVerifier: pending.verifier,
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      });
      const claims: Claims = { ...tokens.claims() };
      if (groupsOf(claims, settings.groupsClaim) !== undefined) return userOf(claims, settings);
      // Some providers put groups only into the answer of their userinfo endpoint.
      const { userinfo_endpoint: endpoint } = configuration.serverMetadata();
      const more =
        endpoint === undefined || typeof claims['sub'] !== 'string'
          ? {}
          : await client.fetchUserInfo(configuration, tokens.access_token, claims['sub']);
      return userOf({ ...claims, ...more }, settings);
    });
  }

  async #limited<Result>(work: (settings: OidcSettings) => Promise<Result>): Promise<Result> {
    const settings = this.#settings();
    if (settings === undefined) {
      throw new SignInRefusal(
        'SIGN_IN_REFUSED',
        'gateway.yaml has no signIn.oidc. Sign in with the link that penstock-gateway console prints.',
      );
    }
    const release = this.#permits.tryAcquire();
    if (release === undefined) {
      throw new SignInRefusal('SIGN_IN_REFUSED', 'Too many sign-ins are in progress. Try again in a moment.');
    }
    try {
      return await work(settings);
    } catch (error) {
      if (error instanceof SignInRefusal) throw error;
      throw new SignInRefusal(
        'SIGN_IN_REFUSED',
        `Signing in with ${settings.issuer} failed: ${reasonOf(error)}. Check signIn.oidc in gateway.yaml, and that this ` +
          'gateway reaches the identity provider.',
      );
    } finally {
      release();
    }
  }

  /** The provider's metadata, read again after an hour, after a failure, and for other settings. */
  #discover(settings: OidcSettings): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = settings;
    const key = JSON.stringify([issuer, clientId, clientSecret]);
    const now = this.#clock();
    const known = this.#discovered;
    if (known !== undefined && known.key === key && now - known.at < METADATA_MS) return known.configuration;
    const configuration = discover(settings);
    this.#discovered = { key, at: now, configuration };
    configuration.catch(() => {
      if (this.#discovered?.configuration === configuration) this.#discovered = undefined;
    });
    return configuration;
  }
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<Configuration> {
  const client = await import('openid-client');
  const url = new URL(issuer);
  const isPlain = url.protocol === 'http:' && isLoopbackName(url.hostname.replace(/^\[|\]$/g, ''));
  return client.discovery(url, clientId, undefined, client.ClientSecretBasic(clientSecret), {
    timeout: TIMEOUT_SECONDS,
    ...(isPlain && { execute: [client.allowInsecureRequests] }),
  });
}

/** What the provider or the library says, without tokens: their messages and codes contain none. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  const { error: code, error_description: description } = error as {
    error?: unknown;
    error_description?: unknown;
  };
  const said = [code, description].filter((each): each is string => typeof each === 'string');
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  const text = said.length > 0 ? said.join(': ') : [error.message, cause].filter(Boolean).join(': ');
  return text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 300);
}
