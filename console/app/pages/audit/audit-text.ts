type Entry = { readonly subject: string; readonly before?: unknown; readonly after?: unknown };

/** Agents by their name, where the entry has it: an id says nothing to people. */
export function subjectOf({ subject, after, before }: Entry): string {
  const { name } = (after ?? before ?? {}) as { readonly name?: unknown };
  return subject.startsWith('agent:') && typeof name === 'string' ? `agent:${name}` : subject;
}

const MAX_SUMMARY_LENGTH = 90;
/** Fields that say nothing beside the other columns. */
const OMITTED = new Set(['id', 'digest', 'createdBy', 'createdAt']);

/** The values of a change in a line: the complete ones are one click away. */
export function summaryOf(value: unknown): string {
  const entries = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  const shown = entries.filter(([key]) => !OMITTED.has(key));
  const text = (shown.length > 0 ? shown : entries)
    .map(([key, each]) => `${key}: ${typeof each === 'string' ? each : JSON.stringify(each)}`)
    .join(', ');
  return text.length > MAX_SUMMARY_LENGTH ? `${text.slice(0, MAX_SUMMARY_LENGTH)}…` : text || 'values';
}
