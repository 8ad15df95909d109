import { errorCode, errorText } from '@penstock/wire';

/** What the log has of a failure: its code, when it has one, and its words. */
export function failureFields(error: unknown): { readonly code?: string; readonly detail: string } {
  const code = errorCode(error);
  return { ...(code !== undefined && { code }), detail: errorText(error) };
}
