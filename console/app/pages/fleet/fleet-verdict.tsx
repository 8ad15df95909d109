import { Link } from 'wouter';
import { Mark, toneLooks } from '../../parts/state.tsx';
import { verdictOf } from '../connections/connection-health.ts';
import { useConnectionHealth } from '../connections/use-connection-health.ts';

/** Connections that the sentence names; the others are on the page of connections. */
const MAX_NAMES = 6;

/** Can the job run? One sentence above everything else, with a link to what is wrong. */
export function FleetVerdict() {
  const judged = useConnectionHealth();
  if (judged === undefined || judged.length === 0) return null;
  const { tone, text, about } = verdictOf(judged);
  const shown = about.slice(0, MAX_NAMES);
  return (
    <p className={`fleet-verdict fleet-verdict-${tone}`} role="status">
      <Mark shape={toneLooks[tone]} tone={tone} />
      <span>
        <strong className={`state-${tone}`}>{text}</strong>
        {about.length === 0 ? '.' : tone === 'bad' ? ': ' : ' '}
        {shown.map(({ name, reason }, index) => (
          <span key={name}>
            {index > 0 && ', '}
            <Link href={`/connections/${name}`} title={reason}>
              {name}
            </Link>
          </span>
        ))}
        {about.length > shown.length && (
          <>
            {' and '}
            <Link href="/connections">{about.length - shown.length} more</Link>
          </>
        )}
      </span>
    </p>
  );
}
