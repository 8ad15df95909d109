import { useIsStale } from '../live/live-context.tsx';
import { age, duration, fullTime, timeOfDay } from '../time/format.ts';
import { useNow } from '../time/use-now.ts';
import { useZone } from '../time/zone.ts';

/** `4 min ago` by the gateway's clock, with the time on demand. Grey while nothing is known to be true any more. */
export function Age({ at }: { readonly at: string | undefined }) {
  const now = useNow();
  const isStale = useIsStale();
  if (at === undefined) return <span className="faint">never</span>;
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={fullTime(time)} className={isStale ? 'nowrap faint' : 'nowrap'}>
      {age(time, now)}
    </time>
  );
}

/** `for 4 min`, without a direction. */
export function Since({ at }: { readonly at: string }) {
  const now = useNow();
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={fullTime(time)} className="nowrap">
      {duration(now - time)}
    </time>
  );
}

/** `23 h`, until a time; `expired` after it. */
export function Until({ at }: { readonly at: string }) {
  const now = useNow();
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={fullTime(time)} className={time < now ? 'nowrap state-bad' : 'nowrap'}>
      {time < now ? 'expired' : (duration(time - now).match(/^\d+ \S+/)?.[0] ?? '')}
    </time>
  );
}

/** `08:41:05` in the chosen zone. */
export function TimeOf({ at }: { readonly at: string | number }) {
  const zone = useZone();
  const now = useNow();
  const time = typeof at === 'number' ? at : Date.parse(at);
  return (
    <time dateTime={new Date(time).toISOString()} title={fullTime(time)} className="nowrap">
      {timeOfDay(time, now, zone)}
    </time>
  );
}
