/** Characters kept of a text that a client or an agent can choose. */
const MAX_TEXT_LENGTH = 400;

export function boundedText(text: string | undefined): string | null {
  if (text === undefined) return null;
  return text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH)}…`;
}
