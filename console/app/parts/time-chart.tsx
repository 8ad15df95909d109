import './time-chart.css';
import { type PointerEvent, useState } from 'react';
import { timeOfDay } from '../time/format.ts';
import { useZone } from '../time/zone.ts';
import { linePath } from './line-path.ts';

const WIDTH = 480;
const HEIGHT = 72;
/** Agents report less often than there are points. */
const MAX_MISSING = 3;

export type Series = {
  readonly label: string;
  /** Oldest first; null where nothing was measured. */
  readonly values: readonly (number | null)[];
  readonly format: (value: number) => string;
};

/** A line over time. The value under the pointer, or else the newest one, is in words beside its name. */
export function TimeChart({
  series: { label, values, format },
  from,
  intervalMs,
}: {
  readonly series: Series;
  /** Milliseconds since 1970 of the first value. */
  readonly from: number;
  readonly intervalMs: number;
}) {
  const zone = useZone();
  const [pointed, setPointed] = useState<number>();
  const known = values.map((value) => value ?? undefined);
  const { path, top } = linePath(known, WIDTH, HEIGHT, MAX_MISSING);
  const last = values.findLastIndex((value) => value !== null);
  const at = pointed !== undefined && pointed < values.length ? pointed : last;
  const value = values[at];
  const end = from + (values.length - 1) * intervalMs;
  const timeOf = (time: number) => timeOfDay(time, end, zone);
  const point = ({ currentTarget, clientX }: PointerEvent<SVGSVGElement>) => {
    const { left, width } = currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - left) / width));
    setPointed(Math.round(share * (values.length - 1)));
  };
  const x = values.length > 1 ? (at / (values.length - 1)) * WIDTH : 0;
  return (
    <figure className="time-chart">
      <figcaption>
        <span>{label}</span>
        <span className="time-chart-value">
          {value === null || value === undefined ? '–' : format(value)}
          {pointed !== undefined && <span className="faint small"> at {timeOf(from + at * intervalMs)}</span>}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label} from ${timeOf(from)} to ${timeOf(end)}: at most ${format(top)}`}
        onPointerMove={point}
        onPointerLeave={() => setPointed(undefined)}
      >
        <path
          d={path}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeLinecap="round"
          vectorEffect="non-scaling-stroke"
        />
        {pointed !== undefined && (
          <path d={`M${x} 0V${HEIGHT}`} className="time-chart-pointer" vectorEffect="non-scaling-stroke" />
        )}
      </svg>
      <div className="time-chart-axis faint small">
        <span>{timeOf(from)}</span>
        <span>max {format(top)}</span>
        <span>{timeOf(end)}</span>
      </div>
    </figure>
  );
}
