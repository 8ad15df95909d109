import { formatTimeOfDay } from './field/calendar.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { type UpgradeWindow, weekdays } from './rollout-config.ts';

const DAYS = 366;
const MAX_DATES = 3;

/**
 * What is surprising about windows, as sentences: a start that does not exist on some day of the coming year, because the
 * clocks are set forward over it. The window then opens later by as much. `now` is in milliseconds since 1970.
 */
export function windowWarnings({ windows }: Pick<GatewayConfig, 'windows'>, now: number): readonly string[] {
  return windows.flatMap((window) => {
    const dates = skippedStarts(window, now);
    if (dates.length === 0) return [];
    const named = dates.slice(0, MAX_DATES).join(', ');
    return [
      `windows[${window.name}].start: ${formatTimeOfDay(window.start)} does not exist in ${window.timeZone} on ${named}, when the clocks are set forward. The window opens later on that day; choose another time to avoid that.`,
    ];
  });
}

function skippedStarts({ timeZone, days, start }: UpgradeWindow, now: number): readonly string[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate();
  const plainTime = Temporal.PlainTime.from(start);
  const dates = Array.from({ length: DAYS }, (_, day) => today.add({ days: day }));
  return dates
    .filter((date) => {
      const day = weekdays[date.dayOfWeek - 1];
      if (day === undefined || !days.includes(day)) return false;
      return !date.toZonedDateTime({ timeZone, plainTime }).toPlainTime().equals(plainTime);
    })
    .map(String);
}
