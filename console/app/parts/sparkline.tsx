import './sparkline.css';
import { linePath } from './line-path.ts';

const WIDTH = 160;
const HEIGHT = 36;

/** A small chart of the last minutes, with its newest value in words beside it. */
export function Sparkline({
  label,
  values,
  newest,
}: {
  readonly label: string;
  /** Oldest first; undefined where nothing was measured. */
  readonly values: readonly (number | undefined)[];
  readonly newest: string;
}) {
  if (values.every((value) => value === undefined)) return null;
  const { path, top } = linePath(values, WIDTH, HEIGHT);
  return (
    <figure className="sparkline">
      <figcaption>
        <span className="faint small">{label}</span>
        <span className="sparkline-value">{newest}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}: ${newest}, at most ${top}`}
      >
        <path
          d={path}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
    </figure>
  );
}
