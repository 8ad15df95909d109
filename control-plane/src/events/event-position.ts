/** Events of one process up to a number. */
export type StreamPosition = { readonly stream: string; readonly number: number };

const PART = /^([0-9a-f]{12})-(\d{1,15})$/;
/** A listener that moves on before it has caught up carries where it was before. */
export const MAX_PARTS = 4;

/** Reads the id of an event: what its listener has seen, by process, the one that sent it first. Undefined if it is not one. */
export function positionOf(id: string): readonly StreamPosition[] | undefined {
  const texts = id.split('.');
  if (texts.length > MAX_PARTS) return undefined;
  const parts = texts.map((text) => {
    const [, stream, number] = PART.exec(text) ?? [];
    return stream === undefined ? undefined : { stream, number: Number(number) };
  });
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

export const positionText = (parts: readonly StreamPosition[]) =>
  parts
    .slice(0, MAX_PARTS)
    .map(({ stream, number }) => `${stream}-${number}`)
    .join('.');
