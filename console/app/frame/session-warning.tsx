import { useQuery } from '@tanstack/react-query';
import { use } from 'react';
import { ask, GET } from '../api/client.ts';
import { resource } from '../api/keys.ts';
import { currentSession } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { duration } from '../time/format.ts';
import { useNow } from '../time/use-now.ts';
import { SessionContext, useSession } from './session-context.tsx';

const WARNING_MS = 5 * 60_000;
const LOOK_MS = 60_000;

/** Warns before the session ends. Reading this page is not use; only requests that a person makes are. */
export function SessionWarning() {
  const session = useSession();
  const isExpired = use(SessionContext)?.isExpired ?? false;
  const now = useNow();
  const { data = session, refetch } = useQuery({
    queryKey: [resource.session],
    queryFn: async () => (await currentSession()) ?? session,
    refetchInterval: isExpired ? false : LOOK_MS,
    initialData: session,
  });
  const idle = Date.parse(data.idleAt) - now;
  const end = Date.parse(data.expiresAt) - now;
  const left = Math.min(idle, end);
  if (!(left > 0 && left < WARNING_MS)) return null;
  return (
    <div className="live-bar" role="alert">
      <span>
        <strong>Your session ends in {duration(left)}.</strong>{' '}
        {idle <= end
          ? 'It has not been used for a while.'
          : 'Sessions last 12 hours. Sign in again after that.'}
      </span>
      {idle <= end && (
        <Button size="small" onClick={() => void ask(GET('/api/v1/pools')).then(() => refetch())}>
          Stay signed in
        </Button>
      )}
    </div>
  );
}
