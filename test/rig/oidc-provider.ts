import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of `oidc-provider`, which has no types: what this file uses. */
type ProviderModule = {
  readonly Provider: new (issuer: string, configuration: object) => { callback(): RequestListener };
};
/** A variable, since the package has no types. */
const PACKAGE: string = 'oidc-provider';

export type OidcProvider = AsyncDisposable & {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Claims of each account, by login. They can be changed. */
  readonly accounts: Map<string, Readonly<Record<string, unknown>>>;
  /** Logs in as `login` in a browser that is sent to `url`, and returns where the provider sends it back to. */
  login(url: string, login: string): Promise<string>;
};

/** A real OpenID Connect provider (npm `oidc-provider`) on loopback, with its built-in login pages. */
export async function oidcProvider(redirectUri: string): Promise<OidcProvider> {
  const { Provider } = (await import(PACKAGE)) as ProviderModule;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [clientId, clientSecret] = ['penstock', 'a secret of at least 32 characters'];
  const accounts = new Map<string, Readonly<Record<string, unknown>>>();
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub'], profile: ['name', 'groups', 'realm_access'], email: ['email'] },
    findAccount: async (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: async () => ({ sub, ...accounts.get(sub) }),
    }),
    cookies: { keys: ['test'] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
  });
  server.on('request', provider.callback());
  return {
    issuer,
    clientId,
    clientSecret,
    accounts,
    login: (url, login) => logIn(url, login, issuer),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const MAX_STEPS = 20;

/** Follows redirects and fills in the forms of login and consent, as a person does. */
async function logIn(start: string, login: string, issuer: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; '), connection: 'close' },
      ...(form !== undefined && { method: 'POST', body: form }),
    });
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=', 2);
      cookies.set(name, value);
    }
    form = undefined;
    const text = await response.text();
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url).href;
      if (!url.startsWith(issuer)) return url;
      continue;
    }
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(text) ?? [];
    const [, prompt = ''] = /name="prompt" value="(\w+)"/.exec(text) ?? [];
    if (action === undefined)
      throw new Error(`The provider answered ${response.status}: ${text.slice(0, 500)}`);
    url = new URL(action, url).href;
    form = new URLSearchParams({ prompt, login, password: 'any' });
  }
  throw new Error('The provider sends the browser in circles.');
}
