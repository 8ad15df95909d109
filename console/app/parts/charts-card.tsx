import type { ReactNode } from 'react';
import { choiceField } from '../url/url-state.ts';
import { useUrlState } from '../url/use-url-state.ts';
import { Card } from './page.tsx';
import { TimeOf } from './time.tsx';
import { type Series, TimeChart } from './time-chart.tsx';

const fields = { range: choiceField(['hour', 'day'], 'hour') };
export type Range = 'hour' | 'day';

/** The range of the charts, which is in the URL. */
export function useRange(): [Range, (range: Range) => void] {
  const [{ range }, change] = useUrlState(fields);
  return [range, (next) => change({ range: next })];
}

/** Charts over the last hour or day, with a switch between the two. */
export function ChartsCard({
  title,
  range,
  onRange,
  children,
}: {
  readonly title: string;
  readonly range: Range;
  readonly onRange: (range: Range) => void;
  readonly children: ReactNode;
}) {
  return (
    <Card
      title={title}
      aside={
        <span className="chips">
          {fields.range.choices.map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={each === range}
              onClick={() => onRange(each)}
            >
              Last {each}
            </button>
          ))}
        </span>
      }
    >
      {children}
    </Card>
  );
}

/** The charts of a history. Those without a value are left out. */
export function Charts({
  history,
  series,
}: {
  readonly history: { readonly from?: string | undefined; readonly intervalMs: number };
  readonly series: readonly Series[];
}) {
  const shown = series.filter(({ values }) => values.some((value) => value !== null));
  if (history.from === undefined || shown.length === 0) {
    return <p className="soft">Nothing was recorded yet. It begins when this gateway starts.</p>;
  }
  const from = Date.parse(history.from);
  return (
    <>
      <div className="time-charts">
        {shown.map((each) => (
          <TimeChart key={each.label} series={each} from={from} intervalMs={history.intervalMs} />
        ))}
      </div>
      <p className="faint small">
        Recorded since <TimeOf at={from} />. Charts are kept in memory and start over when this gateway
        restarts. State changes are kept for 30 days.
      </p>
    </>
  );
}
