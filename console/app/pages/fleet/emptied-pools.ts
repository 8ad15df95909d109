type Pool = { readonly name: string; readonly ready: number };
type Row = { readonly pool: string; readonly state: string };

/** States in which an agent accepts opens. */
const readyStates = new Set(['connected', 'degraded']);

/** Names of the pools without a ready agent once these agents accept no opens. */
export function emptiedPools(pools: readonly Pool[], leaving: readonly Row[]): string[] {
  return pools
    .filter(({ name, ready }) => {
      const own = leaving.filter(({ pool, state }) => pool === name && readyStates.has(state));
      return own.length > 0 && own.length >= ready;
    })
    .map(({ name }) => name);
}
