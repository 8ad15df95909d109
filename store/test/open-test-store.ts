import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { createStore } from '../src/open-store.ts';
import type { Store } from '../src/sql-store.ts';

export type TestStore = AsyncDisposable & { readonly store: Store; readonly directory: string };

/** Opens an empty store in a temporary directory. Disposing it closes the store and removes the directory. */
export async function openTestStore(options: Parameters<typeof createStore>[1] = {}): Promise<TestStore> {
  const directory = await temporaryDirectory();
  const store = await createStore(directory.path, options);
  return {
    store,
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      await store.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}
