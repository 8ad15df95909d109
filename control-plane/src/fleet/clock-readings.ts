import type { ClockView } from './agent-view.ts';

/** Readings that are kept; a clock that was set again shows after at most as many heartbeats. */
const MAX_READINGS = 8;

/**
 * The last clock readings of one agent. The one with the shortest round trip counts: a delay usually affects one direction
 * and shifts the measured offset by half of it (RFC 5905 section 10, the clock filter).
 */
export class ClockReadings {
  #readings: ClockView[] = [];

  add(reading: ClockView): void {
    this.#readings = [...this.#readings.slice(1 - MAX_READINGS), reading];
  }

  get best(): ClockView | undefined {
    return this.#readings.reduce<ClockView | undefined>(
      (best, each) => (best === undefined || each.roundTrip <= best.roundTrip ? each : best),
      undefined,
    );
  }
}
