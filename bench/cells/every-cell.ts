import type { Cell } from './cell.ts';
import { connectionsCell } from './connections.ts';
import { cutCell } from './cut.ts';
import { fleetCell } from './fleet.ts';
import { heldMemoryCell } from './held-memory.ts';
import { idleSessionsCell } from './idle-sessions.ts';
import { ingressCells } from './ingress.ts';
import { largeFleetCell } from './large-fleet.ts';
import { loadMemoryCell } from './load-memory.ts';
import { roundTripCells } from './round-trip.ts';
import { throughputCells } from './throughput.ts';
import { distances, wanCells } from './wan.ts';

/** The cells that run on this host. */
export const loopbackCells: readonly Cell[] = [
  ...throughputCells,
  ...roundTripCells,
  connectionsCell,
  ...ingressCells,
  heldMemoryCell,
  loadMemoryCell,
  cutCell,
  idleSessionsCell,
  fleetCell,
  largeFleetCell,
];

export const everyCell: readonly Cell[] = [...loopbackCells, ...distances.flatMap(wanCells)];
