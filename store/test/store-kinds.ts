import type { Store } from '../src/sql-store.ts';
import { openTestStore } from './open-test-store.ts';
import { openTestPostgresStore } from './test-postgres.ts';

/** All kinds of stores. The same tests run on each. */
export const storeKinds: Readonly<
  Record<string, () => Promise<AsyncDisposable & { readonly store: Store }>>
> = {
  embedded: () => openTestStore(),
  postgresql: () => openTestPostgresStore(),
};
