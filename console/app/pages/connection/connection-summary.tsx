import { Link } from 'wouter';
import type { Connection } from '../../api/types.ts';
import { count } from '../../time/format.ts';
import { ingressText } from '../connections/ingress-text.ts';

export function ConnectionSummary({ connection }: { readonly connection: Connection }) {
  const { connector, kind, pools, ingress, open, waiting } = connection;
  return (
    <>
      Connector {connector}
      {kind !== undefined && ` (${kind})`} · pools{' '}
      {pools.map((pool, index) => (
        <span key={pool}>
          {index > 0 && ' → '}
          <Link href={`/pools/${pool}`}>{pool}</Link>
        </span>
      ))}{' '}
      · {count(open)} open, {count(waiting)} waiting ·{' '}
      <span className="break">
        {ingress.length === 0 ? 'no open ingress' : ingress.map(ingressText).join(', ')}
      </span>
    </>
  );
}
