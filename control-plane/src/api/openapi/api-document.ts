import type { ApiDependencies } from '../api-dependencies.ts';
import { createApi } from '../create-api.ts';
import { documentOf } from './describe-api.ts';

/** A placeholder for every dependency of the routes. They are only described, so it is never really used. */
const placeholder: unknown = new Proxy(() => undefined, { get: () => placeholder, apply: () => placeholder });

/** Generates the OpenAPI document of all routes, without a store or a socket. */
export async function apiDocument(): Promise<object> {
  const known: Partial<ApiDependencies> = {
    tls: undefined,
    names: {
      url: () => undefined,
      oidc: () => undefined,
      organization: () => '',
      certificate: () => undefined,
      hostName: '',
    },
  };
  const dependencies = new Proxy({} as ApiDependencies, {
    get: (_target, name) => (name in known ? known[name as keyof ApiDependencies] : placeholder),
  });
  const app = await createApi(dependencies);
  await app.ready();
  const document = documentOf(app);
  await app.close();
  return document;
}
