export {
  type AggregatedLog,
  type AggregateOptions,
  aggregateEvents,
  type SourceOf,
} from './aggregate-events.ts';
export { type EventCatalogue, type EventFields, type EventLog, eventLog, lineKeys } from './event-log.ts';
export { type LogOptions, type OpenLog, openLog } from './log.ts';
export { type LoopDelay, measureLoopDelay } from './loop-delay.ts';
export { observeProcess } from './process-metrics.ts';
