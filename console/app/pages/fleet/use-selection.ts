import { useCallback, useState } from 'react';

/** Agents that bulk actions concern: by name, so that rows can come, go and move. */
export type Selection = {
  readonly names: ReadonlySet<string>;
  readonly toggle: (name: string) => void;
  readonly set: (names: Iterable<string>) => void;
  readonly clear: () => void;
};

/** The most agents that one request may concern. */
export const MAX_SELECTED = 1_000;

export function useSelection(): Selection {
  const [names, setNames] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback(
    (name: string) =>
      setNames((before) => {
        const after = new Set(before);
        if (!after.delete(name) && after.size < MAX_SELECTED) after.add(name);
        return after;
      }),
    [],
  );
  const set = useCallback(
    (next: Iterable<string>) => setNames(new Set([...next].slice(0, MAX_SELECTED))),
    [],
  );
  const clear = useCallback(() => setNames(new Set()), []);
  return { names, toggle, set, clear };
}
