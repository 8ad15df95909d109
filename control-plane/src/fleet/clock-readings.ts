import type { ClockView } from './agent-view.ts';

/** Readings that are kept: a clock that is set anew shows after as many heartbeats at the latest. */
const KEPT = 8;

/**
 * The last clock readings of one agent. The one with the shortest round trip is believed: what delays a message, delays
 * it on one way, and moves the offset by half of it (RFC 5905 section 10, the clock filter).
 */
export class ClockReadings {
  #readings: ClockView[] = [];

  add(reading: ClockView): void {
    this.#readings = [...this.#readings.slice(1 - KEPT), reading];
  }

  get best(): ClockView | undefined {
    return this.#readings.reduce<ClockView | undefined>(
      (best, each) => (best === undefined || each.roundTrip <= best.roundTrip ? each : best),
      undefined,
    );
  }
}
