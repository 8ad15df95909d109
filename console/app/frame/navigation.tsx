import { useRef } from 'react';
import { Link, useLocation } from 'wouter';
import { useShowSelected } from '../parts/use-show-selected.ts';
import { useAttentionCounts, usePendingApprovals } from './counts.ts';

type Item = { readonly path: string; readonly also?: readonly string[]; readonly title: string };

const items: readonly Item[] = [
  { path: '/fleet', also: ['/agents/', '/pools/', '/add-agent'], title: 'Fleet' },
  { path: '/connections', title: 'Connections' },
  { path: '/config', title: 'Configuration' },
  { path: '/rollouts', title: 'Rollouts' },
  { path: '/alerts', title: 'Alerts' },
  { path: '/approvals', title: 'Approvals' },
  { path: '/access', title: 'Access' },
  { path: '/audit', title: 'Audit' },
];

export function Navigation() {
  const [path] = useLocation();
  const { critical, warning } = useAttentionCounts();
  const wrong = critical + warning;
  const approvals = usePendingApprovals();
  const row = useRef<HTMLElement>(null);
  useShowSelected(row, path);
  return (
    <nav ref={row} className="navigation" aria-label="Main">
      {items.map(({ path: to, also = [], title }) => {
        const isHere = [to, ...also].some(
          (each) => path === each || path.startsWith(each.endsWith('/') ? each : `${each}/`),
        );
        return (
          <Link key={to} href={to} aria-current={isHere ? 'page' : undefined}>
            {title}
            {to === '/fleet' && wrong > 0 && (
              <span className={`count-badge count-badge-${critical > 0 ? 'bad' : 'warn'}`}>
                {wrong}
                <span className="hidden-text"> need attention</span>
              </span>
            )}
            {to === '/approvals' && approvals > 0 && (
              <span className="count-badge">
                {approvals}
                <span className="hidden-text"> pending</span>
              </span>
            )}
          </Link>
        );
      })}
    </nav>
  );
}
