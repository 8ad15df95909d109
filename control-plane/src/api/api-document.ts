import { type ApiDependencies, createApi } from './create-api.ts';

/** Stands for whatever a route keeps for later, or listens to: no request comes while the routes are only described. */
const unasked: unknown = new Proxy(() => undefined, { get: () => unasked, apply: () => unasked });

/** The OpenAPI document of every route, made without a store or a socket. */
export async function apiDocument(): Promise<object> {
  const dependencies = new Proxy({} as ApiDependencies, {
    get: (_target, name) => (name === 'tls' ? undefined : unasked),
  });
  const app = await createApi(dependencies);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
