import { type ApiDependencies, createApi } from './create-api.ts';

/** Stands for whatever a route keeps for later: nothing is asked of it while the routes are only described. */
const unasked: unknown = new Proxy(() => undefined, {
  get: () => unasked,
  apply() {
    throw new TypeError('A route has used what it was given before a request came.');
  },
});

/** The OpenAPI document of every route, made without a store or a socket. */
export async function apiDocument(): Promise<object> {
  const dependencies = new Proxy({} as ApiDependencies, { get: () => unasked });
  const app = await createApi(dependencies);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
