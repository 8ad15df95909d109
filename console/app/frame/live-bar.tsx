import { clock } from '../api/client.ts';
import { useLive } from '../live/live-context.tsx';
import { Button } from '../parts/button.tsx';
import { TimeOf } from '../parts/time.tsx';

/** Says that what is shown may be old, and since when. */
export function LiveBar() {
  const { status, retry } = useLive();
  if (status.name !== 'lost') return null;
  return (
    <div className="live-bar" role="alert">
      <span>
        <strong>
          Live updates lost since <TimeOf at={status.since + clock.offset} />
        </strong>{' '}
        <span className="soft">Ages are those of the last update. Trying again by itself.</span>
      </span>
      <Button size="small" onClick={retry}>
        Try now
      </Button>
    </div>
  );
}
