export type Refusal = {
  readonly at: string;
  readonly name: string;
  readonly address: string | undefined;
  readonly sentence: string;
};

type Entry = {
  readonly at: string;
  readonly action: string;
  readonly address?: string;
  readonly after?: unknown;
};

const sentences: Readonly<Record<string, string>> = {
  NAME_TAKEN:
    'another agent with a different key has this name. Choose another name in agent.yaml; if it replaces an agent that lost its key, revoke the old one first.',
};

/** The agent that enrolled with a token last, and the refusals since then, newest first. */
export function trailOf(entries: readonly Entry[]): { name: string | undefined; refusals: Refusal[] } {
  const enrolled = entries.findIndex(({ action }) => action === 'agent.enroll' || action === 'agent.replace');
  const refusals = entries
    .slice(0, enrolled === -1 ? undefined : enrolled)
    .filter(({ action }) => action === 'agent.enroll-refused')
    .map(({ at, address, after }) => {
      const { code = '', name = '' } = (after ?? {}) as { readonly code?: string; readonly name?: string };
      return { at, name, address, sentence: sentences[code] ?? code };
    })
    // An agent tries again and again: its newest refusal says it all.
    .filter(({ name }, index, all) => all.findIndex((each) => each.name === name) === index);
  const { name } = (entries[enrolled]?.after ?? {}) as { readonly name?: string };
  return { name, refusals };
}
