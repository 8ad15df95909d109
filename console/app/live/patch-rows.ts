/** What an event says about an agent. */
export type AgentPatch = { readonly name: string; readonly state: string };

type Page<Row> = { readonly items: readonly Row[] };
export type Pages<Row> = { readonly pages: readonly Page<Row>[] };

/** Loaded pages with what events have said meanwhile. Rows that did not change stay the same objects. */
export function patchRows<Row extends { readonly name: string }, Data extends Pages<Row>>(
  data: Data,
  patches: ReadonlyMap<string, AgentPatch>,
): Data {
  let isChanged = false;
  const pages = data.pages.map((page) => {
    if (!page.items.some(({ name }) => patches.has(name))) return page;
    isChanged = true;
    const items = page.items.map((row) => {
      const patch = patches.get(row.name);
      return patch === undefined ? row : { ...row, ...patch };
    });
    return { ...page, items };
  });
  return isChanged ? { ...data, pages } : data;
}
