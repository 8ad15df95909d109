import type { FileView } from './file-view.ts';
import { type WayInView, waysIn } from './ways-in.ts';

/** Fields that only some kinds of ingress have. */
const belongsTo = {
  mode: ['sni'],
  tls: ['httpConnect'],
} as const;

/** Fields stand with a kind of ingress that knows them, and the target's protocol can take the way in. */
export function checkIngressKinds(view: FileView): void {
  for (const wayIn of waysIn(view)) {
    checkFields(view, wayIn);
    checkGrant(view, wayIn);
    checkProtocol(view, wayIn);
  }
}

function checkFields(view: FileView, { path, kind }: WayInView): void {
  for (const [field, kinds] of Object.entries(belongsTo)) {
    if (!view.has([...path, field]) || kinds.some((each) => each === kind)) continue;
    const what = `stands beside \`${kind}\`, and is a field of \`${kinds.join('`, `')}\``;
    view.report('INCONSISTENT', [...path, field], what, 'Leave it out here.');
  }
}

function checkGrant(view: FileView, { path, kind }: WayInView): void {
  if (kind !== 'tcp' && kind !== 'sni') return;
  if (view.text([...path, 'grant']) !== 'required') return;
  const what = `is \`required\`, and a client of \`${kind}\` has no place to show one`;
  const suggestion = 'Leave it out and keep `allow` narrow, or use `socks5` or `httpConnect`.';
  view.report('INCONSISTENT', [...path, 'grant'], what, suggestion);
}

function checkProtocol(view: FileView, { connection, path, kind }: WayInView): void {
  if (kind !== 'sni' || view.text([...connection, 'kind']) !== 'mysql') return;
  view.report(
    'INCONSISTENT',
    [...path, 'sni'],
    'is a way in that MySQL cannot take: its server speaks first, before a client could name a host',
    'Use `tcp`, `socks5` or `httpConnect` for this connection.',
  );
}
