import type { Cell } from './cell.ts';
import { connectionsCell } from './connections.ts';
import { fleetCell } from './fleet.ts';
import { heldMemoryCell } from './held-memory.ts';
import { idleSessionsCell } from './idle-sessions.ts';
import { largeFleetCell } from './large-fleet.ts';
import { roundTripCells } from './round-trip.ts';
import { throughputCells } from './throughput.ts';
import { roundTrips, wanCells } from './wan.ts';
import { wayInCells } from './ways-in.ts';

/** What is measured with everything on this host. */
export const loopbackCells: readonly Cell[] = [
  ...throughputCells,
  ...roundTripCells,
  connectionsCell,
  ...wayInCells,
  heldMemoryCell,
  idleSessionsCell,
  fleetCell,
  largeFleetCell,
];

export const everyCell: readonly Cell[] = [...loopbackCells, ...roundTrips.flatMap(wanCells)];
