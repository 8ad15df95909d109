type Operation = { readonly allowed: boolean; readonly code?: string; readonly reason?: string };

/** Why an operation is not possible now, as the gateway says it. A missing role is said by the button itself. */
export function refusalOf({ allowed, code, reason }: Operation): string | undefined {
  if (allowed || code === 'ROLE_INSUFFICIENT') return undefined;
  return reason ?? 'This is not possible now.';
}
