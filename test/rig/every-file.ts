import { PATIENCE_MS } from './deadline.ts';
import { endWhenOver } from './end-when-over.ts';

/** Loaded before every test file. */
endWhenOver(3 * PATIENCE_MS);
