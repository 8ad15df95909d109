import type { Path } from '../yaml/tree.ts';
import type { FileView } from './file-view.ts';
import { listenPath, type WayInView, waysIn } from './ways-in.ts';

/** What connections that share a port must agree on, and what they must not. */
export function checkSharedListeners(view: FileView): void {
  const first = new Map<string, WayInView>();
  const hosts = new Map<string, Path>();
  for (const wayIn of waysIn(view)) {
    const { path, kind } = wayIn;
    const listen = view.text(listenPath(path, kind));
    if (kind === 'tcp' || listen === undefined) continue;
    const key = `${kind} ${listen}`;
    if (kind === 'sni') checkHost(view, [...path, 'sni', 'host'], key, hosts);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, wayIn);
    else checkAgreement(view, earlier, wayIn);
  }
}

function checkHost(view: FileView, path: Path, listener: string, hosts: Map<string, Path>): void {
  const host = view.read('serverName', path);
  if (host === undefined) return;
  const key = `${listener} ${host}`;
  const earlier = hosts.get(key);
  if (earlier === undefined) hosts.set(key, path);
  else {
    const what = `is the host of ${view.words(earlier)} as well, on the same port`;
    view.report('DUPLICATE_NAME', path, what, 'Give each connection of a port a host name of its own.');
  }
}

function checkAgreement(view: FileView, one: WayInView, other: WayInView): void {
  const disagree = (field: string, more: string) =>
    view.report(
      'INCONSISTENT',
      view.has([...other.path, field]) ? [...other.path, field] : other.path,
      `shares its port with ${view.words(one.path)}, and ${more}`,
      'Write the same in both, or give one of them a port of its own.',
    );
  const tls = (path: Path) => (view.has([...path, 'tls']) ? view.text([...path, 'tls']) : 'on');
  const [oneTls, otherTls] = [tls(one.path), tls(other.path)];
  if (oneTls !== undefined && otherTls !== undefined && oneTls !== otherTls) {
    disagree('tls', '`tls` is not the same in both');
  }
  const ranges = (path: Path) =>
    view
      .items([...path, 'proxyProtocol', 'from'])
      .map((item) => view.text(item) ?? '')
      .toSorted()
      .join(' ');
  if (ranges(one.path) !== ranges(other.path)) {
    disagree('proxyProtocol', '`proxyProtocol` is not the same in both');
  }
}
