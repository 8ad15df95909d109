import { useMemo } from 'react';
import { clock } from '../api/client.ts';
import { choiceField } from '../url/url-state.ts';
import { Select } from './select.tsx';

const HOUR_MS = 3_600_000;
const periods = ['any', 'hour', 'day', 'week'] as const;
type Period = (typeof periods)[number];

const names: Readonly<Record<Period, string>> = {
  any: 'any time',
  hour: 'last hour',
  day: 'last day',
  week: 'last 7 days',
};
const lengths: Readonly<Record<Exclude<Period, 'any'>, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
};

/** How far back a listing goes, as the URL of a page keeps it. */
export const periodField = choiceField(periods, 'any');

/** When a period began; undefined for any time. It does not move, so that the pages of a listing belong together. */
export function useSince(period: Period): string | undefined {
  return useMemo(
    () => (period === 'any' ? undefined : new Date(clock.now() - lengths[period]).toISOString()),
    [period],
  );
}

export function PeriodSelect({
  value,
  onChange,
}: {
  readonly value: Period;
  readonly onChange: (period: Period) => void;
}) {
  return (
    <Select
      label="When"
      value={value}
      choices={periods}
      textOf={(period) => names[period]}
      onChange={onChange}
    />
  );
}
