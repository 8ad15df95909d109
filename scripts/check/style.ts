import type { Check } from './check.ts';
import { runTool } from './tool.ts';

export const styleCheck: Check = {
  name: 'style',
  promise: 'Biome accepts lint and format (npm run format mends what it can)',
  run: (root) => runTool(root, 'biome', ['check', '--colors=off', '--error-on-warnings', '.']),
};
