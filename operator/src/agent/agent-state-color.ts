import type { Style } from '@penstock/terminal';

/** Green for healthy states, yellow for states that need attention, red for the others. */
export function colorOf(state: string, style: Style): (text: string) => string {
  if (state === 'connected') return style.good;
  return state === 'degraded' || state === 'draining' ? style.warning : style.bad;
}

/** `12@0123abcd`: a version with an abbreviated digest. */
export const briefStamp = ({ version, digest }: { readonly version: number; readonly digest: string }) =>
  `${version}@${digest.replace(/^sha256:/, '').slice(0, 8)}`;
