import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { resource } from '../api/keys.ts';
import type { Performed } from '../api/performed.ts';
import { asApiError } from '../api/problem.ts';
import { useNotices } from './notices.tsx';

/** Without an answer of the gateway itself, it may have done it. */
const UNKNOWN = 'It is not known whether this was done. Look before you try again.';

/**
 * An action of the API. Says what came of it, and asks again for what it changed: the events say so too, but may be late or
 * lost. `run` must not be called while `isBusy`.
 */
export function useAction<Args extends readonly unknown[], Data>(
  send: (...args: Args) => Promise<Performed<Data>>,
  texts: {
    readonly done?: (data: Data, ...args: Args) => string;
    readonly failed: string;
    /** Resources that have changed. Undefined for what only reads: nothing is in doubt without an answer. */
    readonly stale?: readonly string[];
  },
): {
  readonly run: (...args: Args) => Promise<Data | undefined>;
  readonly isBusy: boolean;
} {
  const notices = useNotices();
  const queries = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const askAgain = (stale: ReadonlySet<string>) =>
    queries.invalidateQueries({ predicate: ({ queryKey }) => stale.has(String(queryKey[0])) });
  return {
    isBusy,
    async run(...args) {
      setBusy(true);
      try {
        const performed = await send(...args);
        const stale = new Set(texts.stale);
        if (performed.isPending) {
          notices.done('This needs the approval of an admin. It was requested: see Approvals.');
          stale.add(resource.approvals);
        } else if (texts.done !== undefined) notices.done(texts.done(performed.data, ...args));
        await askAgain(stale);
        return performed.data;
      } catch (error) {
        const { status, code } = asApiError(error);
        const isUnknown = (status === 0 || code === 'BAD_ANSWER') && texts.stale !== undefined;
        notices.failed(isUnknown ? UNKNOWN : texts.failed, error);
        // The gateway may be away for longer than somebody waits for a button.
        if (isUnknown) void askAgain(new Set(texts.stale));
        return undefined;
      } finally {
        setBusy(false);
      }
    },
  };
}
