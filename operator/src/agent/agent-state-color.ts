import type { Style } from '@penstock/terminal';

/** Green for a state that is well, yellow for one to look at, red for the others. */
export function colorOf(state: string, style: Style): (text: string) => string {
  if (state === 'connected') return style.good;
  return state === 'degraded' || state === 'draining' ? style.warning : style.bad;
}

/** `12@0123abcd`: enough of a digest to tell two apart. */
export const briefStamp = ({ version, digest }: { readonly version: number; readonly digest: string }) =>
  `${version}@${digest.replace(/^sha256:/, '').slice(0, 8)}`;
